// Density prints what an idle service costs: 500 jails in groups under one
// supervisor, beside as many of bubblewrap's sandboxes and beside virtual
// machines, and how much slower the next launch is with all of them alive. With
// -page it writes the table as a page of the docs.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"

	"github.com/jailrun/jail/test/programs/cc"
)

func main() {
	n := flag.Int("n", 500, "services of each kind")
	machines := flag.Int("machines", 4, "virtual machines; 0 leaves them out")
	page := flag.String("page", "", "the page of the docs to write")
	cache := flag.String("cache", ".cache/vm", "folder of downloaded kernels")
	serve := flag.String("serve", "", "what a process started by density itself keeps alive")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *serve != "" {
		if err := keep(ctx, *serve, *n); err != nil {
			fmt.Fprintln(os.Stderr, "density:", err)
			os.Exit(2)
		}
		return
	}
	if err := measure(ctx, *n, *machines, *cache, *page); err != nil {
		fmt.Fprintln(os.Stderr, "density:", err)
		os.Exit(2)
	}
}

// lab is a folder with the programs, which every user may read.
type lab struct {
	dir string
	n   int
}

func newLab(ctx context.Context, n int) (*lab, error) {
	dir, err := os.MkdirTemp("/var/tmp", "jail-density-")
	if err != nil {
		return nil, err
	}
	l := &lab{dir, n}
	if err := os.Chmod(dir, 0o755); err != nil {
		return l, err
	}
	return l, cc.Build(ctx, dir, "sleeper", "true")
}

func (l *lab) program(name string) string { return filepath.Join(l.dir, name) }

func measure(ctx context.Context, n, machines int, cache, page string) error {
	l, err := newLab(ctx, n)
	if l != nil {
		defer os.RemoveAll(l.dir)
	}
	if err != nil {
		return err
	}
	rows, err := l.fleets(ctx)
	if err != nil {
		return err
	}
	if machines > 0 {
		row, err := virtual(ctx, machines, cache)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	text := document(rows)
	fmt.Print(text)
	if page != "" {
		return os.WriteFile(page, []byte(text), 0o644)
	}
	return nil
}

// fleets measures jails and bubblewrap's sandboxes: launches take turns first, so
// that both growths have one beginning.
func (l *lab) fleets(ctx context.Context) ([]row, error) {
	before, err := l.launches(ctx, kinds...)
	if err != nil {
		return nil, err
	}
	// Who comes second finds what the first has left: each is first and second.
	var jails, theirs [2]row
	for _, turn := range [...]struct {
		kind string
		to   *row
	}{{"jail", &jails[0]}, {"bwrap", &theirs[0]}, {"bwrap", &theirs[1]}, {"jail", &jails[1]}} {
		if *turn.to, err = l.fleet(ctx, turn.kind, before[turn.kind]); err != nil {
			return nil, fmt.Errorf("%s: %w", turn.kind, err)
		}
	}
	return []row{mean(jails), mean(theirs)}, nil
}

// mean is of two looks at the same.
func mean(r [2]row) row {
	m := r[0]
	m.kernel, m.pss = (r[0].kernel+r[1].kernel)/2, (r[0].pss+r[1].pss)/2
	m.growth, m.processes = (r[0].growth+r[1].growth)/2, (r[0].processes+r[1].processes)/2
	return m
}

// fleet starts all services of a kind in a process of their own, and looks.
func (l *lab) fleet(ctx context.Context, kind string, before float64) (row, error) {
	self, err := os.Executable()
	if err != nil {
		return row{}, err
	}
	settle()
	base := kernelMemory()
	c := exec.CommandContext(ctx, self, "-serve", kind+":"+l.dir, "-n", fmt.Sprint(l.n))
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		return row{}, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return row{}, err
	}
	if err := c.Start(); err != nil {
		return row{}, err
	}
	defer func() {
		in.Close() // it ends what it keeps alive, and then itself
		_ = c.Wait()
	}()
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return row{}, fmt.Errorf("its services did not all start: %w", err)
	}
	settle()
	r := row{name: kind, n: l.n, kernel: perOne(kernelMemory()-base, l.n)}
	r.pss, r.processes = footprint(c.Process.Pid)
	r.pss, r.processes = r.pss/float64(l.n), r.processes/float64(l.n)
	after, err := l.launches(ctx, kind)
	r.growth = after[kind] / before
	return r, err
}
