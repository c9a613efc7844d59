package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
)

// table is what each place has said of each limit.
type table struct {
	rows   []string
	cells  map[string]map[string]string // by row and place
	unseen []string                     // places that this host can't show
}

// add takes a line of the probe.
func (t *table) add(p place, line []byte) error {
	var c struct{ Row, Held string }
	if err := json.Unmarshal(line, &c); err != nil {
		return fmt.Errorf("%s: %q: %w", p.name, line, err)
	}
	if t.cells == nil {
		t.cells = map[string]map[string]string{}
	}
	if t.cells[c.Row] == nil {
		t.cells[c.Row] = map[string]string{}
		t.rows = append(t.rows, c.Row)
	}
	t.cells[c.Row][p.name] = c.Held
	return nil
}

// The rows that tell, and do not hold.
const (
	walls = "`enforced.cgroup`"
	told  = "on standard error"
)

// check is what the page stands for: every place has tried everything, and where
// nothing holds, or less than a group would, the user is told so, in the result and
// on standard error.
func (t *table) check() error {
	var wrong []error
	for _, p := range t.seen() {
		for _, row := range t.rows {
			switch held := t.cells[row][p.name]; {
			case held == "":
				wrong = append(wrong, fmt.Errorf("%s: nothing is known of %s", p.name, row))
			case strings.HasPrefix(held, "no "):
				wrong = append(wrong, fmt.Errorf("%s: %s could not be tried: %s", p.name, row, held))
			case strings.Contains(held, "not held") && !strings.Contains(held, "standard error says"):
				wrong = append(wrong, fmt.Errorf("%s: %s is exceeded, and nobody is told: %s", p.name, row, held))
			}
		}
		if less := t.less(p); less != "" && (!strings.HasPrefix(t.cells[walls][p.name], "absent: ") || !strings.Contains(t.cells[told][p.name], "no cgroup: ")) {
			wrong = append(wrong, fmt.Errorf("%s: %s is held by less, and nobody is told", p.name, less))
		}
	}
	return errors.Join(wrong...)
}

func (t *table) seen() (list []place) {
	for _, p := range places {
		found := false
		for _, u := range t.unseen {
			found = found || u == p.name
		}
		if !found {
			list = append(list, p)
		}
	}
	return list
}

// less names a limit that only samples hold in a place.
func (t *table) less(p place) string {
	for _, row := range t.rows {
		if held := t.cells[row][p.name]; strings.Contains(held, "sampled") || strings.Contains(held, "looked at") {
			return row
		}
	}
	return ""
}

const head = `# Ordinary users

What an ordinary user's jail is held by, in each place where he may be, as ` + "`make test-users`" + ` found by exceeding each limit there: a program that does so was run with the flag, and the cell says who stopped it. ` + "`make test-users UPDATE=1`" + ` writes this page; without it, the page is held to what the places say. Where nothing holds a limit, or less than a group would, the result and standard error say so.

- **the group**: the kernel holds it for all processes together, and at once.
- **RLIMIT_…**: the kernel holds it at once, for each process (RLIMIT_NPROC: for all of the jail's).
- **refused**: jail launches nothing, and the error names the flag. So it is with ` + "`" + `--swap` + "`" + `, ` + "`" + `--memory-high` + "`" + `, ` + "`" + `--cpu-weight` + "`" + `, ` + "`" + `--io-…` + "`" + `, ` + "`" + `--hugetlb` + "`" + ` and ` + "`" + `--rdma` + "`" + ` too ([limits.md](limits.md)).
- **sampled**, **looked at**: jail looks every 50 ms, and ends the jail; what is more for a shorter time is not seen.

A group is had where systemd delegates one: ` + "`jail doctor --delegate`" + ` asks for it, says what it holds, and ` + "`jail doctor --delegate -- bash`" + ` starts a shell in one, from which every ` + "`jail exec`" + ` has its own group.

`

// text is the page.
func (t *table) text() string {
	var b strings.Builder
	b.WriteString(head)
	b.WriteString("| place | what it is |\n| --- | --- |\n")
	for _, p := range places {
		fmt.Fprintf(&b, "| %s | %s |\n", p.name, p.doc)
	}
	b.WriteString("\n## Limits\n\n|  |")
	for _, p := range places {
		b.WriteString(" " + p.name + " |")
	}
	b.WriteString("\n| --- |" + strings.Repeat(" --- |", len(places)) + "\n")
	for _, row := range t.rows {
		if row == walls || row == told {
			continue
		}
		b.WriteString("| " + row + " |")
		for _, p := range places {
			b.WriteString(" " + t.cells[row][p.name] + " |")
		}
		b.WriteString("\n")
	}
	for _, row := range []string{walls, told} {
		b.WriteString("\n## What is said: " + strings.Trim(row, "`") + "\n\n")
		for _, p := range places {
			fmt.Fprintf(&b, "- %s: `%s`\n", p.name, t.cells[row][p.name])
		}
	}
	return b.String()
}

// compare holds the page to the table, but for the places that are not seen here.
func (t *table) compare(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if len(t.unseen) > 0 {
		fmt.Println("not compared, for this host can't show it:", strings.Join(t.unseen, ", "))
		return nil
	}
	if string(b) == t.text() {
		return nil
	}
	return fmt.Errorf("%s is otherwise: look at what users -update changes in it", path)
}
