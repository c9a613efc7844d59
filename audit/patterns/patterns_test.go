package patterns

import (
	"errors"
	"testing"

	"github.com/jailrun/jail/audit"
)

func TestPatternsAreCompiledOrNamed(t *testing.T) {
	all, err := Compile(`sk-[a-z0-9]+`, `(?i)password=\S+`)
	if err != nil {
		t.Fatal(err)
	}
	r, err := audit.NewRedactor([]string{"abc"}, all...)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := r.Redact("sk-abc1 PassWord=x y"), "[redacted] [redacted] y"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if _, err := Compile("("); err == nil {
		t.Error("a wrong one is compiled")
	}
	if _, err := Compile("a*"); !errors.Is(err, audit.ErrNoText) {
		t.Errorf("one that finds what is empty: %v", err)
	}
}
