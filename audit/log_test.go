package audit

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var background = context.Background()

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func file(t testing.TB) string { return filepath.Join(t.TempDir(), "audit.jsonl") }

// some is one event of each kind that a jail writes.
func some() []Event {
	e := Event{Jail: "j-1", PID: 77, InnerPID: 2, Program: "./a.out", Policy: "sha256:00"}
	var all []Event
	for _, d := range []Detail{
		&Launch{Argv: []string{"./a.out", "x\ny"}, UID: 1000, Tenant: "alice", Labels: []string{"course=algorithms"}},
		&Exec{File: "/box/a.out", Enforced: []string{"user_ns", "seccomp"}},
		&Denial{Layer: "seccomp", Syscall: "mount", Args: []uint64{1, 2, 3, 4, 5, 1<<64 - 1}, Errno: "EPERM", Count: 3, Rule: "mount", FirstNS: 5, LastNS: 9},
		&Limit{Name: "cpu", Limit: 1e9, Value: 1e9 + 5},
		&Kill{Cause: "cpu"},
		&Verdict{Reason: "cpu-limit", Signal: new(9)},
		&Cleanup{Removed: []string{"jail-1"}},
	} {
		e.Detail = d
		all = append(all, e)
	}
	return all
}

func open(t testing.TB, path string, o Options) *Log {
	t.Helper()
	l, err := Open(path, o)
	must(t, err)
	return l
}

func textOf(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return string(b)
}

func linesOf(t testing.TB, path string) []string {
	t.Helper()
	return strings.Split(strings.TrimSuffix(textOf(t, path), "\n"), "\n")
}

func TestEventsBecomeLines(t *testing.T) {
	path := file(t)
	l := open(t, path, Options{})
	for _, e := range some() {
		l.Emit(e)
	}
	must(t, l.Close(background))
	for i, line := range linesOf(t, path) {
		e, err := Decode([]byte(line))
		must(t, err)
		if e.Seq != uint64(i+1) || e.Type() != some()[i].Detail.Type() {
			t.Errorf("line %d is %v", i+1, e)
		}
	}
}
