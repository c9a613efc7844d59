package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// row is what one user found and did in one boot.
type row struct {
	uid            int
	facts          []fact
	ok, bad, skips int
}

// report writes a line for each job of a boot and takes down what its users
// found; it counts what is wrong.
func (g *guest) report(w io.Writer, b *boot, s session, took time.Duration) (wrong int, err error) {
	r := reporter{g: g, w: w, b: b, name: fmt.Sprintf("%-5s %-6s", b.tree.Series, b.cgroups), kept: map[string]bool{}}
	for _, n := range s.notes {
		r.print("       %s %s\n", r.name, n)
	}
	for _, uid := range g.users {
		b.rows = append(b.rows, row{uid: uid})
	}
	for i := range b.jobs {
		if err := r.job(&b.jobs[i], &s.jobs[i]); err != nil {
			return r.wrong, err
		}
	}
	if err := r.stale(); err != nil {
		return r.wrong, err
	}
	r.print("       %s boot and tests in %.1fs, %.1fs of a core\n", r.name, took.Seconds(), b.cpu.Seconds())
	return r.wrong, nil
}

// reporter is the report of one boot while it is made.
type reporter struct {
	g     *guest
	w     io.Writer
	b     *boot
	name  string
	kept  map[string]bool // paths of goldens that were told
	wrong int
}

func (r *reporter) print(format string, args ...any) {
	_, _ = fmt.Fprintf(r.w, format, args...) // a buffer, which does not fail
}

// job reports on one job.
func (r *reporter) job(j *planned, s *said) error {
	t, problems := count(s.output), []string(nil)
	if !s.result.Passed() {
		problems = append(problems, string(bytes.TrimSpace(s.output)))
		t.failed = max(t.failed, 1)
	} else if t.passed == 0 && j.part.pkg == "" {
		t.passed = 1 // a shell line is one test
	} else if t.passed == 0 && len(t.skipped) == 0 {
		problems = append(problems, "no test was run: is the pattern still that of some?")
	}
	for _, skip := range t.skipped {
		if r.g.o.suite != "" && !excused(r.g.excuses, r.b, j.UID, skip) {
			problems = append(problems, fmt.Sprintf("%s is skipped for a reason that %s does not name for this guest: %s", skip.test, skipsFile, strings.TrimSpace(skip.said)))
		}
	}
	differing, err := r.goldens(j, s)
	if err != nil {
		return err
	}
	r.line(j, s, t, append(problems, differing...))
	for i := range r.b.rows {
		if row := &r.b.rows[i]; row.uid == j.UID {
			row.facts = append(row.facts, s.facts...)
			row.ok, row.bad, row.skips = row.ok+t.passed, row.bad+t.failed, row.skips+len(t.skipped)
		}
	}
	return nil
}

// line says how a job ended, and what is wrong with it.
func (r *reporter) line(j *planned, s *said, t tally, problems []string) {
	word := "ok"
	if len(problems) > 0 {
		word = "FAIL"
		r.wrong++
	}
	r.print("%-6s %s uid %-5d %-24s %s in %.1fs: %d passed, %d failed, %d skipped\n", word, r.name, j.UID, j.Name,
		s.result.Status, s.result.Took.Seconds(), t.passed, t.failed, len(t.skipped))
	for _, p := range problems {
		r.print("%s", indent([]byte(p)))
	}
	if r.g.o.verbose && s.result.Passed() {
		r.print("%s", indent(s.output))
	}
}

// goldens compares what a job told with what is kept.
func (r *reporter) goldens(j *planned, s *said) (problems []string, err error) {
	for name, lines := range s.golden {
		r.kept[r.g.kept.path(r.b, j.UID, name)] = true
		d, err := r.g.kept.hold(r.b, j.UID, name, lines)
		if err != nil {
			return nil, err
		}
		if len(d) > 0 {
			problems = append(problems, r.g.kept.path(r.b, j.UID, name)+" is otherwise:\n"+strings.Join(d, "\n"))
		}
	}
	return problems, nil
}

// stale finds files that are kept and that no job of a whole suite told.
func (r *reporter) stale() error {
	if r.g.o.suite == "" {
		return nil
	}
	files, _ := filepath.Glob(filepath.Join(r.g.kept.dir, r.b.tree.Series, string(r.b.cgroups)+"-*"))
	for _, f := range files {
		if uid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(f), string(r.b.cgroups)+"-"), "-"); r.kept[f] || !r.runs(uid) {
			continue
		}
		if r.g.kept.update {
			if err := os.Remove(f); err != nil {
				return err
			}
			continue
		}
		r.wrong++
		r.print("FAIL   %s nothing was told of %s\n", r.name, f)
	}
	return nil
}

func (r *reporter) runs(uid string) bool {
	for _, u := range r.g.users {
		if strconv.Itoa(u) == uid {
			return true
		}
	}
	return false
}

func indent(b []byte) []byte {
	if b = bytes.TrimSpace(b); len(b) == 0 {
		return nil
	}
	return append(append([]byte("    "), bytes.ReplaceAll(b, []byte("\n"), []byte("\n    "))...), '\n')
}
