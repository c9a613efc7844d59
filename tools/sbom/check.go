package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemas are the files of the format's library that the schema is made of, by
// the names with which they refer to each other.
var schemas = map[string]string{
	"http://cyclonedx.org/schema/bom-1.6.schema.json":  "bom-1.6.schema.json",
	"http://cyclonedx.org/schema/spdx.schema.json":     "spdx.schema.json",
	"http://cyclonedx.org/schema/jsf-0.82.schema.json": "jsf-0.82.schemax.json",
}

// valid holds a document to the format's schema.
func valid(doc []byte) error {
	schema, err := compiled()
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		return err
	}
	return schema.Validate(v)
}

func compiled() (*jsonschema.Schema, error) {
	dir, err := folder("tools", "github.com/CycloneDX/cyclonedx-go")
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	for url, name := range schemas {
		text, err := os.ReadFile(filepath.Join(dir, "schema", name))
		if err != nil {
			return nil, err
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return nil, err
		}
		if err := c.AddResource(url, v); err != nil {
			return nil, err
		}
	}
	return c.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
}

// complete holds a document to what the linker has noted in the program: its
// modules, no more and no less, and its own bytes.
func complete(doc []byte, program string) error {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return err
	}
	want := map[string]string{std: release(info.GoVersion)}
	for _, m := range info.Deps {
		for m.Replace != nil {
			m = m.Replace
		}
		want[m.Path] = m.Version
	}
	var bom cdx.BOM
	if err := json.Unmarshal(doc, &bom); err != nil {
		return err
	}
	if got := listed(&bom); !maps.Equal(got, want) {
		err = fmt.Errorf("it lists %v, and the program is made of %v", got, want)
	}
	return errors.Join(err, same(&bom, program))
}

func listed(bom *cdx.BOM) map[string]string {
	got := map[string]string{}
	if bom.Components != nil {
		for _, c := range *bom.Components {
			got[c.Name] = c.Version
		}
	}
	return got
}

func same(bom *cdx.BOM, program string) error {
	text, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	want := cdx.Property{Name: "cdx:gomod:binary:hash:SHA-256", Value: hex.EncodeToString(sum[:])}
	if bom.Metadata == nil || bom.Metadata.Properties == nil || !slices.Contains(*bom.Metadata.Properties, want) {
		return fmt.Errorf("it is of another program than that of digest %s", want.Value)
	}
	return nil
}
