package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// columns of the table that a newcomer sees. Figures are aligned to the right,
// so that a larger one is seen without being read.
var columns = [...]struct {
	title string
	right bool
}{
	{"PROGRAM", false}, {"TRIES TO", false}, {"WHAT HAPPENED", false}, {"REASON", false},
	{"EXIT", true}, {"CPU", true}, {"TIME", true}, {"MEMORY", true},
}

type row [len(columns)]string

// table collects rows, and then prints them.
type table struct {
	rows  []row
	wrong []string
}

func newTable() *table {
	t := &table{}
	var titles row
	for i, c := range columns {
		titles[i] = c.title
	}
	t.rows = append(t.rows, titles)
	return t
}

func (t *table) add(c demoCase, o outcome, wrong string) {
	if wrong != "" {
		t.wrong = append(t.wrong, c.program+": "+wrong)
	}
	if o.err != nil {
		t.rows = append(t.rows, row{c.program, c.tries, "not run: see below", "-", "-", "-", "-", "-"})
		return
	}
	u := o.result.Usage
	t.rows = append(t.rows, row{
		c.program, c.tries, o.result.words(c), o.result.Reason,
		fmt.Sprint(o.exit), milliseconds(u.CPUNS), milliseconds(u.WallNS), mebibytes(u.MemoryBytes),
	})
}

// print shows the table, and under it what was not as expected.
func (t *table) print(w io.Writer) error {
	var b strings.Builder
	widths := t.widths()
	for _, r := range t.rows {
		var line strings.Builder
		for i, cell := range r {
			blank := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if columns[i].right {
				cell, blank = blank+cell, ""
			}
			line.WriteString(cell + blank + "  ")
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	for i, wrong := range t.wrong {
		if i == 0 {
			b.WriteString("\nNOT AS EXPECTED\n")
		}
		b.WriteString(wrong + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *table) widths() (all [len(columns)]int) {
	for _, r := range t.rows {
		for i, cell := range r {
			all[i] = max(all[i], utf8.RuneCountInString(cell))
		}
	}
	return all
}

func milliseconds(ns *int64) string {
	if ns == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f ms", float64(*ns)/1e6)
}

func mebibytes(n *int64) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f MiB", float64(*n)/(1<<20))
}
