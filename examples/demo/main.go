// Demo runs a dozen untrusted programs, three honest and the others not, each
// in a jail of its own, and prints what became of them. It needs bin/jail, and
// touches nothing outside its own temporary folder.
//
//	go run ./examples/demo [-jail bin/jail]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	jail := flag.String("jail", "bin/jail", "the jail to show")
	programs := flag.String("programs", "examples/demo/programs", "the folder of untrusted programs")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	strange, err := demo(ctx, *jail, *programs)
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(2)
	}
	if strange > 0 {
		fmt.Printf("\n%d not as expected\n", strange)
		os.Exit(1)
	}
	fmt.Print(outro)
}

const (
	intro = `Twelve programs that nobody trusts, each run by "jail exec". The first three
solve a problem honestly; the others try to do harm.

`
	outro = `
All as expected: the honest programs did their work, the others did no harm.
Try one of your own:  bin/jail exec -- python3 prog.py
`
)

// demo runs every case and prints the table; it counts those that did not end
// as they should.
func demo(ctx context.Context, jail, programs string) (strange int, err error) {
	s, err := newStage(jail, programs)
	if err != nil {
		return 0, err
	}
	defer s.close()
	fmt.Print(intro)
	t := newTable()
	for _, c := range cases {
		o := s.play(ctx, c)
		wrong := c.judge(o)
		t.add(c, o, wrong)
		if wrong != "" {
			strange++
		}
	}
	return strange, t.print(os.Stdout)
}

// stage is where the cases run.
type stage struct {
	jail     string
	programs string // the sources
	dir      string // compiled programs and results
}

func newStage(jail, programs string) (*stage, error) {
	s := &stage{}
	var err error
	if s.jail, err = filepath.Abs(jail); err != nil {
		return nil, err
	}
	if s.programs, err = filepath.Abs(programs); err != nil {
		return nil, err
	}
	for path, hint := range map[string]string{s.jail: `run "make build" first`, s.programs: "run from the top of the checkout"} {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("%w: %s", err, hint)
		}
	}
	if s.dir, err = os.MkdirTemp("", "jail-demo-"); err != nil {
		return nil, err
	}
	return s, os.Chmod(s.dir, 0o755)
}

func (s *stage) close() { _ = os.RemoveAll(s.dir) }
