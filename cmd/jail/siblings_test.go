package main

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

func TestOnlyAScriptWithNeighboursIsWatched(t *testing.T) {
	inFolder(t)
	for argv, want := range map[string]string{
		"python3 prog.py":          "prog.py",
		"./a.out":                  "",
		"cat dir/x.py":             "x.py",
		"cat dir/x.py dir/y.py":    "",
		"cat other/x.py":           "",
		"python3 other/x.py a.out": "",
	} {
		s, err := show(strings.Fields(argv), &policy.Policy{}, noneMoved)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if l := s.watchFor(io.Discard, 0); l != nil {
			got = l.script
		}
		if got != want {
			t.Errorf("%q: %q, want %q", argv, got, want)
		}
	}
}

func TestOnlyAMissingNeighbourIsHintedAt(t *testing.T) {
	for said, want := range map[string]bool{
		"": false,
		"ModuleNotFoundError: No module named 'helper'":                        true,
		"ModuleNotFoundError: No module named 'pkg.part'":                      true,
		"ModuleNotFoundError: No module named 'numpy'":                         false,
		"FileNotFoundError: [Errno 2] No such file or directory: 'data.txt'":   true,
		"FileNotFoundError: [Errno 2] No such file or directory: './data.txt'": true,
		"FileNotFoundError: [Errno 2] No such file or directory: 'other.txt'":  false,
		"Error: Cannot find module './helper.py'\nRequire stack:":              true,
		"Can't locate pkg/Part.pm in @INC":                                     true,
		"prog.py: 1: ./data.txt: not found":                                    true,
		"ZeroDivisionError: division by zero":                                  false,
		"helper: I have failed\nothers: not found":                             false,
		"line 1: no such file: data.txt\n" + strings.Repeat("x", mostKept):     false,
		strings.Repeat("x\n", mostKept) + "no such file: data.txt":             true,
	} {
		var out bytes.Buffer
		l := &lookout{script: "prog.py", beside: []string{"helper.py", "pkg", "data.txt"}, said: lastWords{w: &out}}
		for _, part := range strings.SplitAfter(said, "x") {
			if _, err := l.said.Write([]byte(part)); err != nil {
				t.Fatal(err)
			}
		}
		if got := l.hint() != ""; got != want || out.String() != said {
			t.Errorf("after %.80q: %v, want %v; %d bytes were passed on of %d", said, got, want, out.Len(), len(said))
		}
	}
}

func TestWhatIsListenedToIsPassedOnThoughItsPipeDoesNotBlock(t *testing.T) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	r, w := os.NewFile(uintptr(p[0]), "r"), os.NewFile(uintptr(p[1]), "w")
	if err := unix.SetNonblock(p[1], true); err != nil { // after os.NewFile, which would wait itself
		t.Fatal(err)
	}
	const much = 1 << 20
	go func() {
		defer w.Close()
		l := lastWords{w: w, fd: int32(p[1])}
		if _, err := l.Write(make([]byte, much)); err != nil {
			t.Error(err)
		}
	}()
	if got, err := io.ReadAll(r); len(got) != much || err != nil {
		t.Errorf("%d bytes of %d, %v", len(got), much, err)
	}
}
