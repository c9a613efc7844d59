package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestEveryProgramIsInTheTable(t *testing.T) {
	inTable := map[string]bool{"input.txt": true}
	for _, c := range cases {
		inTable[c.program] = true
		if _, err := os.Stat(filepath.Join("programs", c.program)); err != nil {
			t.Error(err)
		}
	}
	files, err := os.ReadDir("programs")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !inTable[f.Name()] {
			t.Errorf("%s is in no row", f.Name())
		}
	}
}

func TestHonestProgramGivesTheAnswerOutsideToo(t *testing.T) {
	input, err := os.Open("programs/input.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	cmd := exec.CommandContext(t.Context(), "python3", "programs/solve.py")
	cmd.Stdin = input
	if out, err := cmd.Output(); err != nil || string(out) != answer {
		t.Errorf("answer %q (%v), want %q", out, err, answer)
	}
}

func TestWayOutIsThereWithoutAJail(t *testing.T) {
	// Loopback stands for a network, which a builder may not have.
	source, err := os.ReadFile("programs/connect.py")
	if err != nil {
		t.Fatal(err)
	}
	local := strings.ReplaceAll(string(source), "192.0.2.1", "127.0.0.1")
	if out, err := exec.CommandContext(t.Context(), "python3", "-c", local).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestJudgeNamesWhatIsWrong(t *testing.T) {
	c := demoCase{reason: "exited", exit: 1, says: "not permitted", denied: "mount"}
	good := outcome{exit: 1, stderr: "mount: Operation not permitted\n",
		result: account{Reason: "exited", Denials: []denial{{Syscall: "mount"}}}}
	if wrong := c.judge(good); wrong != "" {
		t.Errorf("good outcome: %s", wrong)
	}
	for want, spoil := range map[string]func(*outcome){
		"reason signaled": func(o *outcome) { o.result.Reason = "signaled" },
		"exit 0":          func(o *outcome) { o.exit = 0 },
		"did not say":     func(o *outcome) { o.stderr = "mounted" },
		"not recorded":    func(o *outcome) { o.result.Denials = nil },
		"no such jail":    func(o *outcome) { o.err = os.ErrNotExist; o.err = &os.PathError{Op: "no such jail", Err: o.err} },
	} {
		o := good
		spoil(&o)
		if wrong := c.judge(o); !strings.Contains(wrong, want) {
			t.Errorf("judge = %q, want %q in it", wrong, want)
		}
	}
}

func TestWhatIsWrongStandsBelowTheTable(t *testing.T) {
	var b bytes.Buffer
	tab := newTable()
	tab.add(cases[0], outcome{err: os.ErrNotExist}, "not there")
	if err := tab.print(&b); err != nil {
		t.Fatal(err)
	}
	if s := b.String(); !strings.Contains(s, "PROGRAM") || !strings.HasSuffix(s, "NOT AS EXPECTED\nsolve.cpp: not there\n") {
		t.Errorf("table:\n%s", s)
	}
}

func TestColumnsLineUp(t *testing.T) {
	var b bytes.Buffer
	tab := newTable()
	ns := int64(1_500_000_000)
	small, large := outcome{}, outcome{exit: 137}
	large.result.Reason, large.result.Usage.CPUNS = "exited", &ns
	tab.add(cases[0], small, "")
	tab.add(cases[len(cases)-1], large, "")
	if err := tab.print(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	end := strings.Index(lines[0], "CPU") + len("CPU")
	if got := lines[2][:end]; !strings.HasSuffix(got, " 1500.0 ms") {
		t.Errorf("the figure does not end below its title:\n%s", &b)
	}
	if strings.Index(lines[0], "TRIES TO") != strings.Index(lines[1], cases[0].tries) {
		t.Errorf("the words do not begin below their title:\n%s", &b)
	}
}
