package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// printTable prints counts by category, and every attack that was not held. It
// reports whether there was none.
func printTable(w io.Writer, all []outcome, verbose bool) bool {
	ok := true
	for _, o := range all {
		if verbose || o.verdict != wasHeld {
			fmt.Fprintf(w, "%-14s %-6s %-28s %s\n    %s\n", o.verdict, user(o.uid), o.attack, o.attack.title, o.words)
		}
		ok = ok && (o.verdict == wasHeld || o.verdict == notHere)
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "category\tattacks\theld\tbreached\tproves nothing\tnot here\tbroken\t")
	total := map[verdict]int{}
	n := 0
	for _, c := range categories {
		count := map[verdict]int{}
		names := map[string]bool{}
		for _, o := range all {
			if o.attack.category == c {
				count[o.verdict]++
				total[o.verdict]++
				names[o.attack.name] = true
			}
		}
		n += len(names)
		row(t, c, len(names), count)
	}
	row(t, "all", n, total)
	t.Flush()
	fmt.Fprintln(w, "\nEach attack is run as root and as an ordinary user, but for those that take the rights of one.\nNot here: this kernel lacks what the attack is about, as its own answer outside shows.")
	return ok
}

func row(w io.Writer, name string, n int, count map[verdict]int) {
	fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t\n", name, n, count[wasHeld], count[breached], count[provesNothing], count[notHere], count[broken])
}

func user(uid int) string {
	if uid == 0 {
		return "root"
	}
	return "user"
}
