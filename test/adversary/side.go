package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// column is what came of the attacks on one holder.
type column struct {
	name string
	all  []outcome
}

var errFewPeers = errors.New("fewer than two peers are installed: scripts/install-deps peers")

// runSide makes the attacks on jail and on each peer that is installed, and
// prints what each has held, side by side.
func runSide(ctx context.Context, o options) (bool, error) {
	columns := []column{{name: "jail"}}
	for i := range peers {
		if _, err := exec.LookPath(peers[i].name); err == nil {
			columns = append(columns, column{name: peers[i].name + " " + version(ctx, peers[i].name)})
		}
	}
	if len(columns) < 3 {
		return false, errFewPeers
	}
	for i := range columns {
		name, _, _ := strings.Cut(columns[i].name, " ")
		var err error
		if o.peer, err = peer(name); err != nil {
			return false, err
		}
		if columns[i].all, err = attackAll(ctx, o); err != nil {
			return false, fmt.Errorf("%s: %w", name, err)
		}
	}
	return true, printSide(os.Stdout, columns)
}

// version is the last word of the first line of "--version".
func version(ctx context.Context, program string) string {
	out, _ := exec.CommandContext(ctx, program, "--version").Output() // else there is none to tell
	line, _, _ := strings.Cut(string(out), "\n")
	words := strings.Fields(line)
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}

// printSide counts of each category what was held, of what could be shown here.
func printSide(w io.Writer, columns []column) error {
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "Linux %s, %s\n\n| category |", strings.TrimSpace(string(kernel)), time.Now().Format("2006-01-02"))
	for _, c := range columns {
		fmt.Fprintf(w, " %s |", c.name)
	}
	fmt.Fprintf(w, "\n|---|%s\n", strings.Repeat("---|", len(columns)))
	for _, category := range categories {
		fmt.Fprintf(w, "| %s |", category)
		for _, c := range columns {
			fmt.Fprintf(w, " %s |", c.heldOf(category))
		}
		fmt.Fprintln(w)
	}
	return nil
}

func (c *column) heldOf(category string) string {
	held, made := 0, 0
	for _, o := range c.all {
		if o.attack.category != category || o.verdict == notHere || o.verdict == provesNothing {
			continue
		}
		made++
		if o.verdict == wasHeld {
			held++
		}
	}
	if made == 0 {
		return "not made"
	}
	return fmt.Sprintf("%d of %d", held, made)
}
