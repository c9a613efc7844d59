package main

import (
	"cmp"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/result"
	"golang.org/x/sys/unix"
)

// topEvery is how often the live table is drawn anew.
const topEvery = time.Second

// topCommand is "jail top": on a terminal until it is interrupted, elsewhere one
// look at what is used within a second.
func topCommand(*request) int {
	_, err := unix.IoctlGetTermios(1, unix.TCGETS)
	if err := watchJails(err == nil); err != nil {
		complain(err)
		return result.StatusFailed
	}
	return 0
}

func watchJails(live bool) error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, unix.SIGTERM)
	defer signal.Stop(stop)
	tick := time.NewTicker(topEvery)
	defer tick.Stop()
	before, at := map[string]time.Duration{}, time.Now()
	for first := true; ; first = false {
		jails, err := running()
		if err != nil {
			return err
		}
		now := time.Now()
		rates := ratesOf(jails, before, now.Sub(at))
		at = now
		if !first || live {
			if err := draw(jails, rates, live); err != nil || !live {
				return err
			}
		}
		select {
		case <-stop:
			return nil
		case <-tick.C:
		}
	}
}

// ratesOf is the CPU time of each jail since the look before, in per cent of a
// core, and notes it for the next.
func ratesOf(jails []cgroup.Running, before map[string]time.Duration, since time.Duration) map[string]float64 {
	rates := make(map[string]float64, len(jails))
	for i := range jails {
		name := jails[i].Owner.String()
		cpu := jails[i].CPU
		if cpu == nil {
			continue
		}
		if was, seen := before[name]; seen && since > 0 {
			rates[name] = 100 * float64(*cpu-was) / float64(since)
		}
		before[name] = *cpu
	}
	return rates
}

// draw prints the table, the busiest first, as much as the terminal has lines for.
func draw(jails []cgroup.Running, rates map[string]float64, live bool) error {
	slices.SortStableFunc(jails, func(a, b cgroup.Running) int {
		return cmp.Compare(rates[b.Owner.String()], rates[a.Owner.String()])
	})
	text := table(jails, rates)
	if live {
		text = clearScreen + fit(text)
	}
	_, err := os.Stdout.WriteString(text)
	return err
}

const clearScreen = "\x1b[H\x1b[2J"

// fit cuts a text to the terminal's size.
func fit(text string) string {
	size, err := unix.IoctlGetWinsize(1, unix.TIOCGWINSZ)
	if err != nil || size.Row < 2 || size.Col < 2 {
		return text
	}
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	lines = lines[:min(len(lines), int(size.Row)-1)]
	for i, l := range lines {
		lines[i] = l[:min(len(l), int(size.Col))]
	}
	return strings.Join(lines, "\n") + "\n"
}
