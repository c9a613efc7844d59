package main

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// What these packages do when they are initialised, and the pages that they
// touch, every launch would pay for.
var unwanted = []string{
	"net", "net/http", "text/template", "html/template", "regexp", "flag", "log", "log/slog", "testing", "expvar", "database/sql",
	"github.com/spf13/cobra",
}

func TestNothingThatIsSlowToStartIsLinked(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, dep := range strings.Fields(string(out)) {
		if slices.Contains(unwanted, dep) {
			t.Errorf("jail links %s", dep)
		}
	}
}

// What leaves walls out is in builds of the tag jailtest alone.
func TestNothingLeavesAWallOut(t *testing.T) {
	for tags, want := range map[string]bool{"": false, "jailtest": true} {
		file := t.TempDir() + "/jail"
		if out, err := exec.Command("go", "build", "-tags", tags, "-o", file, ".").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Contains(b, []byte("JAIL_WITHOUT")); got != want {
			t.Errorf("built with the tag %q: the hook is there: %v", tags, got)
		}
	}
}
