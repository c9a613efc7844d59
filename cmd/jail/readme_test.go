package main

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

var update = flag.Bool("update", false, "print the tables of README.md anew")

const readme = "../../README.md"

// The tables of README.md are printed from the tables that the program reads.
func TestReadmeHasTheFlagsReasonsAndLayersOfTheProgram(t *testing.T) {
	old, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	text := string(old)
	for name, table := range map[string]string{"flags": flagTable(), "reasons": reasonTable(), "layers": layerTable()} {
		text = between(t, text, name, table)
	}
	if text == string(old) {
		return
	}
	if !*update {
		t.Fatal("README.md is not what the tables say; run go test ./cmd/jail -run Readme -update")
	}
	if err := os.WriteFile(readme, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// between replaces what stands between the marks of a table.
func between(t *testing.T, text, name, table string) string {
	t.Helper()
	first, last := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	head, rest, ok := strings.Cut(text, first)
	_, tail, ok2 := strings.Cut(rest, last)
	if !ok || !ok2 {
		t.Fatalf("README.md has no place for the table %s", name)
	}
	return head + first + table + last + tail
}

func flagTable() string {
	var b strings.Builder
	b.WriteString("| flag | meaning | default |\n|---|---|---|\n")
	for _, f := range findCommand("exec").allFlags() {
		b.WriteString("| `--" + f.name)
		if f.arg != "" {
			b.WriteString(" " + f.arg)
		}
		b.WriteString("` | " + f.help + " | " + f.preset + " |\n")
	}
	return b.String()
}

func reasonTable() string {
	var b strings.Builder
	b.WriteString("| reason | jail's exit status | raise the limit with |\n|---|---|---|\n")
	for _, r := range result.Reasons() {
		flag := r.Flag
		if flag != "" {
			flag = "`" + flag + "`"
		}
		b.WriteString("| `" + string(r.Reason) + "` | " + r.Exit + " | " + flag + " |\n")
	}
	return b.String()
}

func layerTable() string {
	var b strings.Builder
	b.WriteString("| layer | what it does | can be |\n|---|---|---|\n")
	for _, l := range policy.AllLayers() {
		can := "nothing but required"
		switch {
		case l.CanOff:
			can = "tried, switched off"
		case l.CanTry:
			can = "tried"
		}
		b.WriteString("| `" + string(l.Name) + "` | " + l.Doc + " | " + can + " |\n")
	}
	return b.String()
}
