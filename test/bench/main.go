// Bench prints how fast jail is, as ratios to what it is compared with.
//
// Absolute times move with the neighbours by a factor of two to four; so two
// commands take turns (A B A B …) in one run, after a warm-up, and only the
// ratio of their medians is quoted. Nothing here fails a build: the table says
// what misses its gate, and a person looks.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime/debug"
)

func main() {
	n := flag.Int("n", 200, "measured runs of each command in a row")
	quick := flag.Bool("quick", false, "few runs: shows that the rows work, not how fast they are")
	jail := flag.String("jail", "bin/jail", "the jail to measure")
	only := flag.String("only", "", "only rows whose name matches this regular expression")
	role := flag.String("role", "", "what a process started by the benchmark itself is to do")
	spec := flag.String("spec", "", "the same process's orders")
	flag.Parse()

	debug.SetGCPercent(-1) // a collection in the middle of a launch would be measured
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := start(ctx, *role, *spec, options{n: *n, quick: *quick, jail: *jail, only: *only}); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
}

type options struct {
	n     int
	quick bool
	jail  string
	only  string
}

func start(ctx context.Context, role, spec string, o options) error {
	if role != "" {
		return play(ctx, role, spec)
	}
	only, err := regexp.Compile(o.only)
	if err != nil {
		return err
	}
	lab, err := newLab(ctx, o)
	if err != nil {
		return err
	}
	defer lab.close()
	fmt.Printf("%d runs each, taking turns, after %d to warm up; times in ms\n\n", lab.n, lab.warm)
	printHeader()
	for _, r := range rows {
		if only.MatchString(r.name) && ctx.Err() == nil {
			r.print(r.measure(ctx, lab))
		}
	}
	return ctx.Err()
}
