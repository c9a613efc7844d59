package main

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
)

func TestMain(m *testing.M) {
	if err := os.Chdir("../.."); err != nil { // where sbom is run
		panic(err)
	}
	os.Exit(m.Run())
}

// built is a program, of whose modules the project's own go.mod has all.
func built(t *testing.T) (program string, doc []byte) {
	t.Helper()
	program = t.TempDir() + "/jail"
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/jail")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	doc, err := document(program, "v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	return program, doc
}

func TestABillIsValidCompleteAndAlwaysTheSame(t *testing.T) {
	program, doc := built(t)
	again, err := document(program, "v1.2.3")
	if err != nil || !bytes.Equal(doc, again) {
		t.Errorf("%v: two bills of one program differ", err)
	}
	if err := valid(doc); err != nil {
		t.Errorf("not valid: %v", err)
	}
	if err := complete(doc, program); err != nil {
		t.Errorf("not complete: %v", err)
	}
}

func TestAWrongBillIsFoundOut(t *testing.T) {
	program, doc := built(t)
	for name, c := range map[string]struct{ old, new string }{
		"another version": {`"version": "v0.`, `"version": "v9.`},
		"another module":  {`"name": "golang.org/x/sys"`, `"name": "golang.org/x/cis"`},
		"another program": {`hash:SHA-256`, `hash:SHA-255`},
	} {
		planted := bytes.Replace(doc, []byte(c.old), []byte(c.new), 1)
		if bytes.Equal(planted, doc) || complete(planted, program) == nil {
			t.Errorf("%s: passes as complete", name)
		}
	}
	for name, c := range map[string]struct{ old, new string }{
		"another format":    {`"bomFormat": "CycloneDX"`, `"bomFormat": "CycloneDY"`},
		"a key of no kind":  {`"bomFormat"`, `"bomFormats": 1, "bomFormat"`},
		"a kind of no kind": {`"type": "library"`, `"type": "librarian"`},
	} {
		planted := bytes.Replace(doc, []byte(c.old), []byte(c.new), 1)
		if bytes.Equal(planted, doc) || valid(planted) == nil {
			t.Errorf("%s: passes as valid", name)
		}
	}
}
