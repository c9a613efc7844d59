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
	"slices"

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

// turns is how often each kind's services are started and ended again.
const turns = 3

// fleets measures jails and bubblewrap's sandboxes. Who comes second finds what
// the first has left, so each is first and second; and launches are timed before
// and after each fleet, since the machine is not as quick in one minute as in
// the next.
func (l *lab) fleets(ctx context.Context) ([]row, error) {
	order, looks := slices.Clone(kinds), map[string][]row{}
	alone, beside := times{}, times{}
	for range turns {
		for _, kind := range order {
			if err := l.launches(ctx, alone, kinds...); err != nil {
				return nil, err
			}
			r, err := l.fleet(ctx, kind, beside)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", kind, err)
			}
			looks[kind] = append(looks[kind], r)
		}
		slices.Reverse(order)
	}
	if err := l.launches(ctx, alone, kinds...); err != nil {
		return nil, err
	}
	rows := make([]row, len(kinds))
	for i, kind := range kinds {
		rows[i] = mean(looks[kind])
		rows[i].alone, rows[i].beside = median(alone[kind]), median(beside[kind])
	}
	return rows, nil
}

// mean is of several looks at the same.
func mean(looks []row) row {
	m := looks[0]
	for _, r := range looks[1:] {
		m.kernel, m.pss, m.processes = m.kernel+r.kernel, m.pss+r.pss, m.processes+r.processes
	}
	n := float64(len(looks))
	m.kernel, m.pss, m.processes = m.kernel/n, m.pss/n, m.processes/n
	return m
}

// fleet starts all services of a kind in a process of their own, looks, and times
// launches beside them.
func (l *lab) fleet(ctx context.Context, kind string, took times) (row, error) {
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
		settle()
	}()
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return row{}, fmt.Errorf("its services did not all start: %w", err)
	}
	settle()
	r := row{name: kind, n: l.n, kernel: perOne(kernelMemory()-base, l.n)}
	r.pss, r.processes = footprint(c.Process.Pid)
	r.pss, r.processes = r.pss/float64(l.n), r.processes/float64(l.n)
	// All kinds take turns here too: who launches after itself finds more in the
	// CPU's caches than beside another.
	seen := times{}
	err = l.launches(ctx, seen, kinds...)
	took[kind] = append(took[kind], seen[kind]...)
	return r, err
}
