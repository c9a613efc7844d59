package isolate_test

import (
	"os"
	"slices"
	"strings"

	"github.com/jailrun/jail/test/posture"
)

// optional keys are there or not as the host's system has it. What is there
// must still be as the golden says.
func optional(key string) bool {
	return hostHas(key) || strings.HasPrefix(key, "mount./etc/")
}

var hostHas = posture.Keys("etc.", "root.", "call.iopl", "call.ioperm", "call.modify_ldt", "status.Seccomp_filters", "status.CoreDumping")

// golden writes a report as the golden file has it.
func golden(r posture.Report) string {
	var b strings.Builder
	names := make([]string, 0, len(r))
	for key := range r {
		names = append(names, key)
	}
	slices.Sort(names)
	for _, key := range names {
		if optional(key) {
			b.WriteString("? ")
		}
		b.WriteString(key + "=" + r[key] + "\n")
	}
	return b.String()
}

// readGolden reads one, and which of its keys may be absent.
func readGolden(path string) (want posture.Report, maybe map[string]bool, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	maybe = map[string]bool{}
	text := ""
	for line := range strings.Lines(string(b)) {
		rest, ok := strings.CutPrefix(line, "? ")
		if key, _, _ := strings.Cut(rest, "="); ok {
			maybe[key] = true
		}
		text += rest
	}
	want, err = posture.Parse(text)
	return want, maybe, err
}
