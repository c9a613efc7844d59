package main

import (
	"fmt"
	"strings"
)

// demoCase is one untrusted program and how it should end.
type demoCase struct {
	program string   // file in programs/
	tries   string   // what it is up to, in plain words
	flags   []string // of jail exec
	reason  string   // why it should have ended
	exit    int      // jail's exit status
	says    string   // that must be in its output or its errors; "" for nothing
	denied  string   // a system call that must be among the denials; "" for none
}

const (
	answer    = "6\n" // to programs/input.txt
	oursKills = 137   // 128 + SIGKILL
)

// cases are in the order of the table: the honest first.
var cases = []demoCase{
	{program: "solve.cpp", tries: "solve a problem, in C++", reason: "exited", says: answer},
	{program: "solve.py", tries: "solve a problem, in Python", reason: "exited", says: answer},
	{program: "solve.js", tries: "solve a problem, in JavaScript", reason: "exited", says: answer},
	{program: "loop.cpp", tries: "run for ever", flags: []string{"--cpu", "500ms"}, reason: "cpu-limit", exit: oursKills},
	{program: "hog.py", tries: "take 2 GiB of memory", flags: []string{"--memory", "64M"}, reason: "memory", exit: oursKills},
	{program: "bomb.c", tries: "start processes without end", flags: []string{"--pids", "32", "--pids-action", "kill"}, reason: "pids", exit: oursKills},
	{program: "flood.py", tries: "fill the log with 256 MiB", flags: []string{"--output", "1M"}, reason: "output", exit: oursKills},
	{program: "fill.py", tries: "fill the disk with 1 GiB", flags: []string{"--disk", "16M"}, reason: "exited", exit: 1, says: "No space left on device"},
	{program: "shadow.py", tries: "read the host's passwords", reason: "exited", exit: 1, says: "No such file or directory"},
	{program: "connect.py", tries: "find a way to the internet", reason: "exited", exit: 1, says: "Network is unreachable"},
	{program: "trace.c", tries: "take over another process", reason: "exited", exit: 1, says: "Operation not permitted", denied: "ptrace"},
	{program: "mount.c", tries: "put other files over /tmp", reason: "exited", exit: 1, says: "Operation not permitted", denied: "mount"},
}

// judge says what is not as it should be, or nothing.
func (c demoCase) judge(o outcome) string {
	switch {
	case o.err != nil:
		return o.err.Error()
	case o.result.Reason != c.reason:
		return fmt.Sprintf("reason %s, expected %s%s", o.result.Reason, c.reason, o.result.trouble())
	case o.exit != c.exit:
		return fmt.Sprintf("exit %d, expected %d", o.exit, c.exit)
	case !strings.Contains(o.stdout+o.stderr, c.says):
		return fmt.Sprintf("it did not say %q but %q", c.says, clip(o.stdout+o.stderr))
	case c.denied != "" && o.result.denial(c.denied) == nil:
		return "the refusal of " + c.denied + " was not recorded"
	}
	return ""
}

func clip(s string) string { return s[:min(len(s), 200)] }
