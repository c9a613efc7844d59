package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// table is what a newcomer sees.
type table struct {
	out   *tabwriter.Writer
	wrong []string
	err   error
}

func newTable(w io.Writer) *table {
	t := &table{out: tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	t.row("PROGRAM", "TRIES TO", "REASON", "EXIT", "CPU", "WALL", "MEMORY", "WHAT STOPPED IT")
	return t
}

func (t *table) add(c demoCase, o outcome, wrong string) {
	if wrong != "" {
		t.wrong = append(t.wrong, c.program+": "+wrong)
	}
	if o.err != nil {
		t.row(c.program, c.tries, "not run", "-", "-", "-", "-", "see below")
		return
	}
	u := o.result.Usage
	t.row(c.program, c.tries, o.result.Reason, o.exit, length(u.CPUNS), length(u.WallNS), mebibytes(u.MemoryBytes), o.result.words(c, o))
}

func (t *table) row(cells ...any) {
	for i, c := range cells {
		if i > 0 {
			t.write("\t")
		}
		t.write("%v", c)
	}
	t.write("\n")
}

func (t *table) write(format string, args ...any) {
	if _, err := fmt.Fprintf(t.out, format, args...); err != nil && t.err == nil {
		t.err = err
	}
}

// print shows the table, and under it what was not as expected.
func (t *table) print() error {
	for i, w := range t.wrong {
		if i == 0 {
			t.write("\nNOT AS EXPECTED\n")
		}
		t.write("%s\n", w)
	}
	if t.err != nil {
		return t.err
	}
	return t.out.Flush()
}

func mebibytes(n *int64) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f MiB", float64(*n)/(1<<20))
}
