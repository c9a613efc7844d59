package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is a line of go test -json: go doc test2json.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64
}

// summary counts results and keeps the output of each test until it is known
// whether anybody wants to read it.
type summary struct {
	out                     io.Writer
	known                   reasons
	said                    map[string]*strings.Builder // by package and test
	passed, failed, skipped int
	failures, unexplained   []string
}

func newSummary(out io.Writer, known reasons) *summary {
	return &summary{out: out, known: known, said: map[string]*strings.Builder{}}
}

// read takes events until the end of r.
func (s *summary) read(r io.Reader) error {
	d := json.NewDecoder(r)
	for {
		var e event
		err := d.Decode(&e)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the events of go test: %w", err)
		}
		s.take(e)
	}
}

func (s *summary) take(e event) {
	switch e.Action {
	case "output", "build-output":
		s.hear(e)
	case "pass", "fail", "skip":
		if e.Test == "" {
			s.endPackage(e)
		} else {
			s.endTest(e)
		}
	}
}

func (s *summary) hear(e event) {
	if e.Action == "build-output" {
		fmt.Fprint(s.out, e.Output)
		return
	}
	if chatter(e.Output) {
		return
	}
	key := e.key()
	b := s.said[key]
	if b == nil {
		b = new(strings.Builder)
		s.said[key] = b
	}
	b.WriteString(e.Output)
}

// chatter is what the summary says itself, or nobody wants to read.
func chatter(line string) bool {
	line = strings.TrimLeft(line, " ")
	for _, mark := range []string{"=== ", "--- PASS: ", "--- FAIL: ", "--- SKIP: ", "PASS\n"} {
		if strings.HasPrefix(line, mark) {
			return true
		}
	}
	return false
}

func (s *summary) endTest(e event) {
	said := s.spoken(e)
	name := e.Package + "." + e.Test
	fmt.Fprintf(s.out, "--- %s: %s (%.2fs)\n", strings.ToUpper(e.Action), name, e.Elapsed)
	switch e.Action {
	case "pass":
		s.passed++
	case "fail":
		s.failed++
		s.failures = append(s.failures, name)
		fmt.Fprint(s.out, said)
	case "skip":
		s.skipped++
		fmt.Fprint(s.out, said)
		if !s.known.explain(said) {
			s.unexplained = append(s.unexplained, name)
		}
	}
}

// endPackage prints what was said outside of any test: the "ok" line, or a
// crash. A test that crashed its package never ended, so its output goes too.
func (s *summary) endPackage(e event) {
	fmt.Fprint(s.out, s.spoken(e))
	if e.Action != "fail" {
		return
	}
	for key, b := range s.said {
		if strings.HasPrefix(key, e.Package+" ") {
			s.failures = append(s.failures, strings.Replace(key, " ", ".", 1)+" (did not end)")
			fmt.Fprint(s.out, b.String())
			delete(s.said, key)
		}
	}
	if !slices.ContainsFunc(s.failures, func(f string) bool { return strings.HasPrefix(f, e.Package+".") }) {
		s.failures = append(s.failures, e.Package) // it did not build, or ended by itself
	}
}

func (s *summary) spoken(e event) string {
	b := s.said[e.key()]
	delete(s.said, e.key())
	if b == nil {
		return ""
	}
	return b.String()
}

func (e event) key() string { return e.Package + " " + e.Test }

func (s *summary) ok() bool { return len(s.failures) == 0 && len(s.unexplained) == 0 }

func (s *summary) print() {
	fmt.Fprintf(s.out, "\ntests: %d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
	for _, name := range s.failures {
		fmt.Fprintln(s.out, "failed:", name)
	}
	for _, name := range s.unexplained {
		fmt.Fprintln(s.out, "skipped for a reason that test/skips.txt does not name:", name)
	}
}
