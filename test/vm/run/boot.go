package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/jailrun/jail/test/vm/job"
	"github.com/jailrun/jail/test/vm/kernels"
)

// boot is one start of one kernel, and what came of it.
type boot struct {
	tree    kernels.Tree
	cgroups job.Cgroups
	jobs    []planned

	rows []row         // one a user
	cpu  time.Duration // of the machine that emulates it
}

// bootAll starts a few at once and prints their reports in the order of the
// list; it counts what is wrong.
func (g *guest) bootAll(ctx context.Context, boots []*boot, parallel int) (wrong int, err error) {
	type end struct {
		report bytes.Buffer
		wrong  int
		err    error
		over   chan struct{}
	}
	ends := make([]end, len(boots))
	slots := make(chan struct{}, max(parallel, 1))
	for i := range ends {
		ends[i].over = make(chan struct{})
		go func() {
			defer close(ends[i].over)
			slots <- struct{}{}
			defer func() { <-slots }()
			ends[i].wrong, ends[i].err = g.boot(ctx, &ends[i].report, boots[i])
		}()
	}
	var errs []error
	for i := range ends {
		<-ends[i].over
		_, err := os.Stdout.Write(ends[i].report.Bytes())
		errs = append(errs, err, ends[i].err)
		wrong += ends[i].wrong
	}
	return wrong, errors.Join(errs...)
}

// boot starts one kernel, writes a line for each job, and counts what is wrong.
func (g *guest) boot(ctx context.Context, w io.Writer, b *boot) (int, error) {
	dir, err := os.MkdirTemp(g.work, "boot-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	root := filepath.Join(dir, "root.cpio")
	if err := g.archive(ctx, root, b); err != nil {
		return 0, fmt.Errorf("kernel %s: %w", b.tree.Series, err)
	}
	ctx, cancel := context.WithTimeout(ctx, g.o.timeout)
	defer cancel()
	console := filepath.Join(dir, "console")
	start := time.Now()
	cmd := qemu(ctx, b.tree, root, console)
	out, err := cmd.Output()
	s := read(out, len(b.jobs))
	if err != nil || !s.done {
		s.notes = append(s.notes, fmt.Sprintf("the guest did not finish: %v\n%s", err, tail(console)))
	}
	if p := cmd.ProcessState; p != nil {
		b.cpu = p.UserTime() + p.SystemTime()
	}
	return g.report(w, b, s, time.Since(start))
}

func tail(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(indent(b[max(0, len(b)-3000):]))
}
