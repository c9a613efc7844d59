package main

import (
	"errors"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// A script that fails may have wanted a file beside it, which is not shown. A
// hint after every failure would be wrong more often than right, and would have
// people show folders for nothing; so what the program itself has written last
// to standard error must say that a name was not found which does lie there.

// lookout watches for that.
type lookout struct {
	script string   // the base name in /box
	beside []string // names in its folder that aren't shown
	said   lastWords
}

// watchFor gives nil where no script is shown, or nothing lies beside it.
func (s *shown) watchFor(stderr io.Writer, fd uintptr) *lookout {
	for _, f := range s.files {
		if !isScript(f) {
			continue
		}
		if beside := s.beside(f); len(beside) > 0 {
			return &lookout{script: path.Base(f), beside: beside, said: lastWords{w: stderr, fd: int32(fd)}}
		}
	}
	return nil
}

// hint is what to say of a run that failed, "" if nothing.
func (l *lookout) hint() string {
	if l == nil || !l.missed() {
		return ""
	}
	return "only " + l.script + " is visible in " + box + "; show its folder with --ro ."
}

// missed says whether a line names something beside the script as not found.
func (l *lookout) missed() bool {
	for line := range strings.Lines(l.said.String()) {
		if !slices.ContainsFunc(notFound[:], func(p string) bool { return strings.Contains(line, p) }) {
			continue
		}
		words := strings.FieldsFunc(strings.ReplaceAll(line, "::", "."), func(r rune) bool { return strings.ContainsRune(" \t\n\"'`‘’:;,()[]/", r) })
		if slices.ContainsFunc(words, l.isBeside) {
			return true
		}
	}
	return false
}

// notFound is how languages and the C library say it.
var notFound = [...]string{
	"o such file", "not found", "No module named", "Cannot find module", "Can't locate", "cannot load such file",
}

// isBeside also knows a module by its name without the ending, and a package by
// the first part of what was wanted of it (Python's helper.part, Perl's
// Helper::Part).
func (l *lookout) isBeside(word string) bool {
	first, _, _ := strings.Cut(word, ".")
	return slices.ContainsFunc(l.beside, func(name string) bool {
		return word == name || first == name || word+path.Ext(l.script) == name
	})
}

// scripts are the endings of languages that load more files by name.
var scripts = [...]string{".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".pl", ".php", ".lua", ".sh", ".bash", ".tcl", ".r", ".R", ".jl"}

func isScript(name string) bool { return slices.Contains(scripts[:], path.Ext(name)) }

// beside looks at a few names only: the folder may hold a million.
func (s *shown) beside(file string) []string {
	d, err := os.Open(path.Dir(file))
	if err != nil {
		return nil
	}
	defer d.Close()
	names, _ := d.Readdirnames(64) // what could be read is enough for a hint
	return slices.DeleteFunc(names, func(n string) bool {
		return n[0] == '.' || slices.Contains(s.files, path.Join(path.Dir(file), n))
	})
}

// lastWords passes on a stream and keeps its end. A Write that hangs may be
// under way when the end is asked for.
type lastWords struct {
	w    io.Writer
	fd   int32 // of w
	mu   sync.Mutex
	kept []byte
}

// mostKept is longer than the message and trace that an error ends with, as a
// rule.
const mostKept = 4 << 10

func (l *lastWords) Write(p []byte) (n int, err error) {
	l.keep(p)
	for {
		var some int
		some, err = l.w.Write(p[n:])
		if n += some; !errors.Is(err, unix.EAGAIN) {
			return n, err
		}
		// Somebody who shares the terminal or pipe has made it non-blocking.
		_, _ = unix.Poll([]unix.PollFd{{Fd: l.fd, Events: unix.POLLOUT}}, -1)
	}
}

func (l *lastWords) keep(p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, p[max(len(p)-mostKept, 0):]...)
	l.kept = append(l.kept[:0], l.kept[max(len(l.kept)-mostKept, 0):]...)
}

func (l *lastWords) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.kept)
}
