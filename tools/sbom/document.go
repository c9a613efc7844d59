package main

import (
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/generate/bin"
	"github.com/jailrun/jail/tools/licence"
	"github.com/rs/zerolog"
)

// std is the name of the standard library and runtime in a bill.
const std = "std"

// document is the bill of a program. It has no serial number and no time, so
// that one program has one bill. It is made in the project's folder.
func document(program, version string) ([]byte, error) {
	g, err := bin.NewGenerator(program, bin.WithIncludeStdlib(true), bin.WithVersionOverride(version), bin.WithLogger(zerolog.New(io.Discard)))
	if err != nil {
		return nil, err
	}
	bom, err := g.Generate()
	if err != nil {
		return nil, err
	}
	license(bom.Metadata.Component, "Apache-2.0")
	for i := range *bom.Components {
		c := &(*bom.Components)[i]
		id, err := licenceOf(c)
		if err != nil {
			return nil, err
		}
		license(c, id)
	}
	var b bytes.Buffer
	err = cdx.NewBOMEncoder(&b, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).Encode(bom)
	return released(b.Bytes(), bom), err
}

// released names the library by the version that advisories know, without the
// experiments that it was built with, which stay in the bill's properties.
func released(doc []byte, bom *cdx.BOM) []byte {
	for _, c := range *bom.Components {
		if c.Name == std {
			doc = bytes.ReplaceAll(doc, []byte("/std@"+c.Version), []byte("/std@"+release(c.Version)))
			doc = bytes.ReplaceAll(doc, []byte(`"version": "`+c.Version+`"`), []byte(`"version": "`+release(c.Version)+`"`))
		}
	}
	return doc
}

func release(goVersion string) string {
	r, _, _ := strings.Cut(goVersion, "-X:")
	return r
}

func license(c *cdx.Component, expression string) {
	c.Licenses = &cdx.Licenses{{Expression: expression}}
}

// licenceOf knows the library's: a distribution's Go may lack the file.
func licenceOf(c *cdx.Component) (string, error) {
	if c.Name == std {
		return "BSD-3-Clause", nil
	}
	dir, err := folder(".", c.Name)
	if err != nil {
		return "", err
	}
	l, err := licence.Of(dir, licence.Linked)
	if err != nil {
		return "", fmt.Errorf("%s: %w", c.Name, err)
	}
	return l.SPDX, nil
}

// folder is where the go command has a module that the project's folder dir
// requires.
func folder(dir, module string) (string, error) {
	cmd := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("find %s as %s/go.mod has it: %w", module, dir, err)
	}
	return strings.TrimSpace(string(out)), nil
}
