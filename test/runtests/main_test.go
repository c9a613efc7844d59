package main

import (
	"strings"
	"testing"
)

func summarize(t *testing.T, known reasons, lines ...string) (*summary, string) {
	t.Helper()
	var out strings.Builder
	s := newSummary(&out, known)
	if err := s.read(strings.NewReader(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	s.print()
	return s, out.String()
}

func TestCountsAreOfTestsAndPassesAreQuiet(t *testing.T) {
	s, out := summarize(t, nil,
		`{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}`,
		`{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.5}`,
		`{"Action":"output","Package":"p","Output":"ok p 0.5s\n"}`,
		`{"Action":"pass","Package":"p"}`)
	if !s.ok() || out != "--- PASS: p.TestA (0.50s)\nok p 0.5s\n\ntests: 1 passed, 0 failed, 0 skipped\n" {
		t.Error(out)
	}
}

func TestAFailureIsShownAndFails(t *testing.T) {
	s, out := summarize(t, nil,
		`{"Action":"output","Package":"p","Test":"TestA","Output":"want 1\n"}`,
		`{"Action":"fail","Package":"p","Test":"TestA"}`,
		`{"Action":"fail","Package":"p"}`)
	if s.ok() || !strings.Contains(out, "want 1\n") || !strings.Contains(out, "failed: p.TestA\n") {
		t.Error(out)
	}
}

func TestACrashNamesTheTestThatDidNotEnd(t *testing.T) {
	s, out := summarize(t, nil,
		`{"Action":"output","Package":"p","Test":"TestA","Output":"panic: x\n"}`,
		`{"Action":"fail","Package":"p"}`)
	if s.ok() || !strings.Contains(out, "panic: x\n") || !strings.Contains(out, "failed: p.TestA (did not end)\n") {
		t.Error(out)
	}
}

func TestABrokenBuildFails(t *testing.T) {
	s, out := summarize(t, nil,
		`{"Action":"build-output","ImportPath":"p","Output":"undefined: x\n"}`,
		`{"Action":"fail","Package":"p","FailedBuild":"p"}`)
	if s.ok() || !strings.Contains(out, "undefined: x\n") || !strings.Contains(out, "failed: p\n") {
		t.Error(out)
	}
}

func TestOnlyAKnownReasonExcusesASkip(t *testing.T) {
	skip := []string{
		`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: needs cgroup v2: mode is v1\n"}`,
		`{"Action":"skip","Package":"p","Test":"TestA"}`,
	}
	if s, out := summarize(t, reasons{"needs cgroup v2"}, skip...); !s.ok() || s.skipped != 1 {
		t.Error(out)
	}
	if s, out := summarize(t, reasons{"needs landlock"}, skip...); s.ok() || !strings.Contains(out, "does not name: p.TestA") {
		t.Error(out)
	}
	if s, _ := summarize(t, reasons{"needs cgroup v2"}, `{"Action":"skip","Package":"p","Test":"TestB"}`); s.ok() {
		t.Error("a skip without a word is excused")
	}
}

func TestAPackageWithoutTestsIsNoSkip(t *testing.T) {
	if s, out := summarize(t, nil, `{"Action":"skip","Package":"p"}`); !s.ok() || s.skipped != 0 {
		t.Error(out)
	}
}

func TestEachKnownReasonNamesWhatIsNeeded(t *testing.T) {
	all, err := readReasons("../skips.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if len(r) < 10 {
			t.Errorf("%q excuses too much", r)
		}
	}
}
