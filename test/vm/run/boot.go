package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jailrun/jail/test/vm/job"
	"github.com/jailrun/jail/test/vm/kernels"
)

// boot is one start of one kernel.
type boot struct {
	tree    kernels.Tree
	cgroups job.Cgroups
}

// bootAll starts a few at once and prints their reports in the order of the
// list; it counts the jobs that did not pass.
func (g *guest) bootAll(ctx context.Context, boots []boot, parallel int) (failed int, err error) {
	type end struct {
		report bytes.Buffer
		failed int
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
			ends[i].failed, ends[i].err = g.boot(ctx, &ends[i].report, boots[i])
		}()
	}
	var errs []error
	for i := range ends {
		<-ends[i].over
		_, err := os.Stdout.Write(ends[i].report.Bytes())
		errs = append(errs, err, ends[i].err)
		failed += ends[i].failed
	}
	return failed, errors.Join(errs...)
}

// boot starts one kernel, writes a line for each job, and counts the failed.
func (g *guest) boot(ctx context.Context, w io.Writer, b boot) (int, error) {
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
	out, err := qemu(ctx, b.tree, root, console).Output()
	s := read(out, len(g.jobs))
	if err != nil || !s.done {
		s.notes = append(s.notes, fmt.Sprintf("the guest did not finish: %v\n%s", err, tail(console)))
	}
	return g.report(w, b, s, time.Since(start)), nil
}

// session is what came over the serial line.
type session struct {
	notes  []string
	output [][]byte // of each job
	result []job.Result
	done   bool
}

// read sorts the lines by job; a job that did not end keeps a status that says so.
func read(out []byte, jobs int) session {
	s := session{output: make([][]byte, jobs), result: make([]job.Result, jobs)}
	for i := range s.result {
		s.result[i] = job.Result{Job: i, Status: "did not end"}
	}
	current := -1
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, len(out)+1)
	for lines.Scan() {
		line := lines.Text()
		if rest, ok := strings.CutPrefix(line, job.Mark+" "); ok {
			current = s.mark(line, rest, current)
		} else if current >= 0 {
			s.output[current] = append(append(s.output[current], line...), '\n')
		}
	}
	return s
}

// mark takes in one marker and gives the job whose output follows.
func (s *session) mark(line, rest string, current int) int {
	word, arg, _ := strings.Cut(rest, " ")
	switch word {
	case job.Note:
		s.notes = append(s.notes, arg)
	case job.Begin:
		if i := 0; scan(arg, &i) && i < len(s.output) {
			return i
		}
	case job.End:
		if r, ok := job.ParseEnd(line); ok && r.Job < len(s.result) {
			s.result[r.Job] = r
		}
		return -1
	case job.Done:
		s.done = true
	}
	return current
}

func scan(s string, i *int) bool {
	_, err := fmt.Sscan(s, i)
	return err == nil && *i >= 0
}

func (g *guest) report(w io.Writer, b boot, s session, took time.Duration) (failed int) {
	p := func(format string, args ...any) {
		_, _ = fmt.Fprintf(w, format, args...) // a buffer, which does not fail
	}
	name := fmt.Sprintf("%-5s %-6s", b.tree.Series, b.cgroups)
	for _, n := range s.notes {
		p("       %s %s\n", name, n)
	}
	for i, j := range g.jobs {
		r, word := s.result[i], "ok"
		if !r.Passed() {
			word = "FAIL"
			failed++
		}
		p("%-6s %s uid %-5d %-24s %s in %.1fs%s\n", word, name, j.UID, j.Name, r.Status, r.Took.Seconds(), skips(s.output[i]))
		if g.o.verbose || !r.Passed() {
			p("%s", indent(s.output[i]))
		}
	}
	p("       %s boot and tests in %.1fs\n", name, took.Seconds())
	return failed
}

// skips tells how many tests a kernel lacked the feature for.
func skips(out []byte) string {
	if n := bytes.Count(out, []byte("--- SKIP")); n > 0 {
		return fmt.Sprintf(" (%d skipped)", n)
	}
	return ""
}

func indent(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return append(append([]byte("    "), bytes.ReplaceAll(bytes.TrimSpace(b), []byte("\n"), []byte("\n    "))...), '\n')
}

func tail(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(indent(b[max(0, len(b)-3000):]))
}
