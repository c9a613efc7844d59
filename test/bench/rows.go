package main

import (
	"context"
	"fmt"
	"time"
)

// row is one line, or a few, of the table.
type row struct {
	name    string
	measure func(context.Context, *lab) ([]figure, error)
}

// rows are in the order of the table; each is a run of its own.
var rows = []row{
	{"exec, root", execAs(0)},
	{"exec, ordinary user", execAs(ordinary)},
	{"exec, 2000 mounts", execAmongMounts},
	{"exec, machine CPU", machineCPU},
	{"library Run", libraryRun},
	{"library Run, heap", libraryHeap},
	{"start of jail", version},
	{"limits", limits},
	{"spread of times", spread},
	{"audited", audited},
	{"notified", notified},
	{"images", images},
	{"state, launch", stateLaunch},
	{"state, commit", stateCommit},
	{"kill -9 of the supervisor", kill},
	{"import of 1 GB", imported},
}

// figure is one line of the table. Either it compares ours with theirs, and the
// bounds are ratios; or it is ours alone, and the bounds are values.
type figure struct {
	name         string
	ours, theirs float64
	versus       string // what theirs is; "" when there is none
	gate, target float64
}

// value is what the bounds are about.
func (f figure) value() float64 {
	if f.versus == "" {
		return f.ours
	}
	return f.ours / f.theirs
}

// verdict says in a word how the figure stands.
func (f figure) verdict() string {
	switch v := f.value(); {
	case v <= f.target:
		return "target met"
	case v <= f.gate:
		return "within gate"
	}
	return "MISSES GATE"
}

const columns = "%-34s %10s %10s %7s %7s %7s  %s\n"

func printHeader() {
	fmt.Printf(columns, "row", "jail", "other", "ratio", "gate", "target", "")
}

func (r row) print(figures []figure, err error) {
	if err != nil {
		fmt.Printf("%-34s not measured: %v\n", r.name, err)
		return
	}
	for _, f := range figures {
		theirs, ratio := "", ""
		if f.versus != "" {
			theirs, ratio = number(f.theirs), number(f.value())
		}
		fmt.Printf(columns, f.name, number(f.ours), theirs, ratio, number(f.gate), number(f.target), f.verdict()+against(f.versus))
	}
}

func against(versus string) string {
	if versus == "" {
		return ""
	}
	return " (other: " + versus + ")"
}

func number(v float64) string { return fmt.Sprintf("%.2f", v) }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// contest turns two samples into the usual lines: the median is what counts,
// the tail says whether it is the whole story.
func contest(name, versus string, d duel, bounds ...bounds) []figure {
	var out []figure
	for _, b := range bounds {
		out = append(out, figure{
			name: fmt.Sprintf("%s p%g", name, b.percentile), versus: versus,
			ours: ms(percentile(d.ours, b.percentile)), theirs: ms(percentile(d.theirs, b.percentile)),
			gate: b.gate, target: b.target,
		})
	}
	return out
}

// bounds are those of one percentile.
type bounds struct{ percentile, gate, target float64 }
