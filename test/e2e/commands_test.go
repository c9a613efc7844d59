package e2e

import (
	"encoding/json"
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// exits runs a command that must end with a status: "exits 137 jail exec …".
// One that died of a signal has 128 and its number, as a shell sees it.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := status(ts.Exec(args[1], args[2:]...))
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// status is the exit status that a shell would see, -1 if nothing was run.
func status(err error) int {
	var e *exec.ExitError
	switch {
	case err == nil:
		return 0
	case !errors.As(err, &e):
		return -1
	}
	if ws := e.Sys().(syscall.WaitStatus); ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return e.ExitCode()
}

// checkJSON compares a value of a result: "json FILE evidence.killed cpu", or a
// number with a bound: "json FILE usage.cpu_ns >= 1000". The last line of FILE
// is the result. A missing key is an error.
func checkJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 && len(args) != 4 {
		ts.Fatalf("usage: json FILE KEY VALUE or json FILE KEY >= NUMBER")
	}
	text := strings.TrimRight(ts.ReadFile(args[0]), "\n")
	text = text[strings.LastIndexByte(text, '\n')+1:]
	var root any
	if err := json.Unmarshal([]byte(text), &root); err != nil {
		ts.Fatalf("%s: %v in %q", args[0], err, text)
	}
	got := lookup(ts, root, args[1])
	if holds(ts, got, args[2:]) == neg {
		ts.Fatalf("%s is %v, want %v %v in %s", args[1], got, map[bool]string{true: "not", false: ""}[neg], args[2:], text)
	}
}

func lookup(ts *testscript.TestScript, v any, path string) any {
	for key := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			next, ok := at[key]
			if !ok {
				ts.Fatalf("%s: there is no %q", path, key)
			}
			v = next
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(at) {
				ts.Fatalf("%s: there is no element %s of %d", path, key, len(at))
			}
			v = at[i]
		default:
			ts.Fatalf("%s: %v has no %q", path, v, key)
		}
	}
	return v
}

func holds(ts *testscript.TestScript, got any, want []string) bool {
	if len(want) == 2 {
		n, ok := got.(float64)
		bound, err := strconv.ParseFloat(want[1], 64)
		ts.Check(err)
		return ok && (want[0] == ">=" && n >= bound || want[0] == "<=" && n <= bound)
	}
	if s, ok := got.(string); ok {
		return s == want[0]
	}
	b, err := json.Marshal(got)
	ts.Check(err)
	return string(b) == want[0]
}
