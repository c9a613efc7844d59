package main

import (
	"bytes"
	"os"
	"testing"
)

func TestResultStartsOnALineOfItsOwn(t *testing.T) {
	for said, want := range map[string]string{"": "R", "x\n": "R", "x": "\nR", "x\ny": "\nR", "\x00": "\nR"} {
		var out bytes.Buffer
		end := &tail{}
		streams := [2]*lastByte{{w: &out, tail: end}, {w: &out, tail: end}}
		for i := range len(said) {
			if _, err := streams[i%2].Write([]byte{said[i]}); err != nil {
				t.Fatal(err)
			}
		}
		if got := string(end.separated([]byte("R"))); got != want || out.String() != said {
			t.Errorf("after %q: %q, passed on %q; want %q", said, got, out.String(), want)
		}
		if _, err := streams[0].Write([]byte("late")); err == nil || out.String() != said {
			t.Errorf("after the result came %q (%v)", out.String(), err)
		}
		if got := string(end.separated([]byte("R"))); got != "R" {
			t.Errorf("a second result: %q", got)
		}
	}
}

func TestAStreamThatNothingFollowsOnTakesNoGoroutine(t *testing.T) {
	s := &streams{stdout: os.Stdout, stderr: os.Stderr}
	if s.follow(); s.out() != os.Stdout || s.err() != os.Stderr {
		t.Error("a file is not handed on as it is")
	}
}

func TestWhatOthersChoseCantPassForLinesOrCommands(t *testing.T) {
	for r, want := range map[rune]rune{'\n': '?', '\x1b': '?', '\u009b': '?', '\x7f': '?', '\t': '\t', 'é': 'é', '×': '×', '日': '日',
		'\u202e': '?', '\u2066': '?', '\u200b': '?', '\ufeff': '?', '\u2028': '?'} {
		if got := printable(r); got != want {
			t.Errorf("%q becomes %q, want %q", r, got, want)
		}
	}
}

func TestPromisedIdsThatOverlapAreSeen(t *testing.T) {
	for line, want := range map[string]bool{
		"u:100000:65536": false, "u:1000:1": false, "u:1999:1": false, "u:1999:2": true,
		"u:2000:1": true, "u:2999:9": true, "u:3000:9": false, "u:0:9999": true, "u:2500:0": false,
		"": false, "# no": false, "u:x:y": false,
	} {
		if got := overlaps(line, 2000, 2999); got != want {
			t.Errorf("overlaps(%q) = %v, want %v", line, got, want)
		}
	}
}
