package main

import (
	"bufio"
	"bytes"
	"regexp"
	"strings"
)

// tally is what the tests of one job came to.
type tally struct {
	passed, failed int
	skipped        []skipped
}

// skipped is a test and what it said of itself.
type skipped struct{ test, said string }

var ending = regexp.MustCompile(`^ *--- (PASS|FAIL|SKIP): (\S+)`)

// count reads the output of a test binary with -test.v, which names a test
// before its lines wherever another one's were before.
func count(out []byte) (t tally) {
	said, current := map[string]string{}, ""
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, len(out)+1)
	for lines.Scan() {
		line := lines.Text()
		if m := ending.FindStringSubmatch(line); m != nil {
			switch m[1] {
			case "PASS":
				t.passed++
			case "FAIL":
				t.failed++
			case "SKIP":
				t.skipped = append(t.skipped, skipped{m[2], said[m[2]]})
			}
		} else if strings.HasPrefix(line, "=== ") {
			if f := strings.Fields(line); len(f) == 3 {
				current = f[2]
			}
		} else {
			said[current] += strings.TrimSpace(line) + "\n"
		}
	}
	return t
}
