package main

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jailrun/jail/tools/licence"
)

func TestARequirementThatComesChangesThePage(t *testing.T) {
	const before = "module m\n\nrequire a.example/a v1.0.0\n"
	for _, text := range []string{before + "require b.example/b v1.0.0\n", before + "require b.example/b v1.0.0 // indirect\n"} {
		paths, err := requirements("go.mod", []byte(text))
		if err != nil || !slices.Equal(paths, []string{"a.example/a", "b.example/b"}) {
			t.Fatalf("%q, %v", paths, err)
		}
	}
	dir := t.TempDir()
	apache, err := os.ReadFile("../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/LICENSE", apache, 0o600); err != nil {
		t.Fatal(err)
	}
	a, b := use{"a.example/a", "v1.0.0", dir, "."}, use{"b.example/b", "v1.0.0", dir, "tools"}
	one, err := page(nil, nil, []use{a})
	both, err2 := page(nil, nil, []use{b, a})
	if err != nil || err2 != nil || one == both || !strings.Contains(both, "| b.example/b | v1.0.0 | Apache-2.0 | checks |") {
		t.Errorf("%v, %v: %s", err, err2, both)
	}
	for _, linked := range [][2][]use{{{b}, nil}, {nil, {b}}, {{b}, {b}}} {
		if text, err := page(linked[0], linked[1], []use{a, b}); err != nil || strings.Count(text, "b.example/b") != 1 {
			t.Errorf("%v: %s", err, text)
		}
	}
}

func TestAModuleWithoutALicenceIsNamed(t *testing.T) {
	u := use{"a.example/a", "v1.0.0", t.TempDir(), "."}
	for _, lists := range [][3][]use{{{u}, nil, nil}, {nil, {u}, nil}, {nil, nil, {u}}} {
		_, err := page(lists[0], lists[1], lists[2])
		if !errors.Is(err, licence.ErrNone) || !strings.Contains(err.Error(), u.Path) {
			t.Errorf("%v", err)
		}
	}
}

func TestAFolderOfModulesSaysWhatTheyAreFor(t *testing.T) {
	if err := known(use{by: "elsewhere"}); err == nil {
		t.Error("elsewhere is known")
	}
}
