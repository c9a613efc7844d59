package main

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"

	"github.com/jailrun/jail/test/vm/job"
)

// session is what came over the serial line.
type session struct {
	notes []string
	jobs  []said
	done  bool
}

// said is what came of one job.
type said struct {
	result job.Result
	output []byte
	facts  []fact
	golden map[string][]string // lines of files that are kept, by name
}

// fact is a cell of the table.
type fact struct{ name, value string }

// read sorts the lines by job; a job that did not end keeps a status that says so.
func read(out []byte, jobs int) session {
	s := session{jobs: make([]said, jobs)}
	for i := range s.jobs {
		s.jobs[i] = said{result: job.Result{Job: i, Status: "did not end"}, golden: map[string][]string{}}
	}
	current := -1
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, len(out)+1)
	for lines.Scan() {
		line := lines.Text()
		if rest, ok := strings.CutPrefix(line, job.Mark+" "); ok {
			current = s.mark(line, rest, current)
		} else if current >= 0 {
			s.jobs[current].output = append(append(s.jobs[current].output, line...), '\n')
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
		if i := 0; scan(arg, &i) && i < len(s.jobs) {
			return i
		}
	case job.End:
		if r, ok := job.ParseEnd(line); ok && r.Job < len(s.jobs) {
			s.jobs[r.Job].result = r
		}
		return -1
	case job.Done:
		s.done = true
	case job.Fact, job.Golden:
		if current >= 0 {
			s.jobs[current].tell(word, arg)
		}
	}
	return current
}

func (j *said) tell(word, arg string) {
	if word == job.Golden {
		name, line, _ := strings.Cut(arg, " ")
		j.golden[name] = append(j.golden[name], line)
	} else if name, value, ok := strings.Cut(arg, " = "); ok {
		j.facts = append(j.facts, fact{name, value})
	}
}

func scan(s string, i *int) bool {
	_, err := fmt.Sscan(s, i)
	return err == nil && *i >= 0
}
