package main

import (
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
