// Package docpage holds pages of the docs to the tables that they are printed
// from.
package docpage

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the page of the docs anew")

// Hold fails the test unless the page has the text, or with -update writes it.
// Again is the command that does so.
func Hold(t *testing.T, page, text, again string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), text); d != "" {
		t.Errorf("%s is not current: %s\n%s", page, again, d)
	}
}
