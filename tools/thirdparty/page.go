package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jailrun/jail/tools/licence"
)

const head = `# What bin/jail is made of besides jail

<!-- Printed from what is linked and from each go.mod: make third-party -->

Jail itself is under Apache-2.0 ([LICENSE](LICENSE)). The program bin/jail also contains these, whose licences ask that their text goes with it.
`

const jaildHead = `
# What bin/jaild is made of besides these
`

const tableHead = `
# What they are tested and checked with

None of these is in bin/jail or bin/jaild, or passed on with them.

| module | version | licence | for |
|---|---|---|---|
`

// reasons say what the modules of a go.mod are for.
var reasons = map[string]string{
	".":                    "tests",
	"tools":                "checks",
	"tools/vulndb/planted": "an advisory that must be found",
}

// page is what the file should say. The error names every module that jail may
// not use.
func page(jail, jaild, required []use) (string, error) {
	var b strings.Builder
	var bad []error
	seen := map[string]bool{}
	sections := func(uses []use) {
		for _, u := range uses {
			if seen[u.Path+u.Version] {
				continue
			}
			seen[u.Path+u.Version] = true
			l, err := licence.Of(u.Dir, licence.Linked)
			bad = append(bad, about(u, err))
			b.WriteString(section(u, l))
		}
	}
	b.WriteString(head)
	sections(jail)
	b.WriteString(jaildHead)
	sections(jaild)
	b.WriteString(tableHead)
	slices.SortFunc(required, func(x, y use) int { return strings.Compare(x.Path+" "+x.Version+x.by, y.Path+" "+y.Version+y.by) })
	for _, u := range required {
		if seen[u.Path+u.Version] {
			continue
		}
		seen[u.Path+u.Version] = true
		l, err := licence.Of(u.Dir, licence.Beside)
		bad = append(bad, about(u, err), known(u))
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", u.Path, u.Version, l.SPDX, reasons[u.by])
	}
	return b.String(), errors.Join(bad...)
}

func section(u use, l licence.Licence) string {
	title := u.Path + " " + u.Version
	if u.Path == "golang.org/x/sys" { // their text is the same, and a distribution's Go may lack it
		title += ", and the Go standard library and runtime"
	}
	return "\n## " + title + "\n\n" + l.SPDX + ".\n\n```text\n" + l.Text + "\n```\n"
}

func about(u use, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s, which %s/go.mod asks for: %w: choose another module", u.Path, u.Version, u.by, err)
}

func known(u use) error {
	if reasons[u.by] != "" {
		return nil
	}
	return fmt.Errorf("%s/go.mod: nothing says what its modules are for: tools/thirdparty/page.go", u.by)
}
