package arch

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write THIRD-PARTY.md anew")

const (
	notice     = "../../THIRD-PARTY.md"
	noticeHead = `# What bin/jail is made of besides jail

<!-- Printed from what is linked: go test ./test/arch -run Licence -update -->

Jail itself is under Apache-2.0 ([LICENSE](LICENSE)). The program bin/jail also contains these, whose licences ask that their text goes with it.
`
)

// Who passes bin/jail on must pass these texts on with it, so none may be
// missing when a module is added or renewed.
func TestLicenceOfEverythingLinkedIsInTheNotice(t *testing.T) {
	want := noticeHead
	seen := map[string]bool{}
	for _, p := range list(t, "./cmd/jail") {
		if p.Module == nil || p.Module.Main || seen[p.Module.Path] {
			continue
		}
		seen[p.Module.Path] = true
		title := p.Module.Path + " " + p.Module.Version
		if p.Module.Path == "golang.org/x/sys" { // their text is the same, and a distribution's Go may lack it
			title += ", and the Go standard library and runtime"
		}
		want += section(title, filepath.Join(p.Module.Dir, "LICENSE"), t)
	}
	if *update {
		if err := os.WriteFile(notice, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(notice); err != nil || string(got) != want {
		t.Errorf("THIRD-PARTY.md is not what is linked (%v): go test ./test/arch -run Licence -update", err)
	}
}

func section(title, file string, t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return "\n## " + title + "\n\n" + name(string(text)) + ".\n\n```text\n" + strings.TrimSpace(string(text)) + "\n```\n"
}

// name tells the few licences that jail's own may include apart.
func name(text string) string {
	switch {
	case strings.Contains(text, "Neither the name of"):
		return "BSD-3-Clause"
	case strings.Contains(text, "Permission is hereby granted, free of charge"):
		return "MIT"
	case strings.Contains(text, "Apache License"):
		return "Apache-2.0"
	}
	return "A licence that nobody has looked at yet"
}
