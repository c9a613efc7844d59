package main

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/policy"
)

// box is where the files of a command line are seen, and where a program starts.
const box = "/box"

// Bounds of what one command line shows: each file is a descriptor, and a copy
// in memory that is counted as nobody's.
const (
	mostShown      = 128
	mostShownBytes = 256 << 20
)

// shown is what of a command line names files of the working directory.
type shown struct {
	argv  []string
	files []string // relative to the working directory, cleaned, each once
	open  []isolate.File
	bytes int64 // of all of them
}

// show finds the arguments that name a regular file of the working directory,
// and makes them name the copy in /box. Nothing else is shown: no folder, no
// absolute path, nothing above the working directory, and nothing behind a
// link, which could lead to a file that whoever wrote the command never meant.
// The files are open from here on: who swaps one for a link is too late.
func show(argv []string, p *policy.Policy, moved func(string) bool) (*shown, error) {
	s := &shown{argv: slices.Clone(argv)}
	dir := p.Chdir
	if dir == "" {
		dir = box
	}
	for i, arg := range argv {
		if !mayName(i, arg) || covered(p, path.Join(box, arg)) || moved(path.Clean(arg)) {
			continue
		}
		f, err := isolate.OpenFile(".", arg) // what can't be shown is left as it is
		if err != nil {
			continue
		}
		file := path.Clean(arg)
		if err := s.add(file, f); err != nil {
			s.close()
			return nil, err
		}
		if path.Clean(dir) != box || path.Base(file) != file {
			s.argv[i] = path.Join(box, path.Base(file))
		}
	}
	return s, nil
}

// mayName says whether an argument can name a file of the working directory. A
// program without a slash is looked for along PATH, as a shell does.
func mayName(i int, arg string) bool {
	return filepath.IsLocal(arg) && arg[0] != '-' && (i > 0 || strings.Contains(arg, "/"))
}

// covered says whether the policy itself decides what is seen at target.
func covered(p *policy.Policy, target string) bool {
	for i := range p.Files {
		at := p.Files[i].Target
		if at == "" {
			at = p.Files[i].Source
		}
		if within(target, at) {
			return true
		}
	}
	return false
}

// within says whether a clean path is dir or lies in it.
func within(target, dir string) bool {
	return target == dir || strings.HasPrefix(target, strings.TrimSuffix(path.Clean(dir), "/")+"/")
}

// add takes over f, the open file.
func (s *shown) add(file string, f isolate.File) error {
	for _, old := range s.files {
		if old == file {
			return f.Close()
		}
		if path.Base(old) == path.Base(file) {
			f.Close()
			return &failure{op: "show", object: old + " and " + file, err: errSameName, hint: showAll}
		}
	}
	s.open, s.files = append(s.open, f), append(s.files, file)
	st, err := f.File.Stat()
	if err != nil {
		return &failure{op: "show", object: file, err: err, hint: showAll}
	}
	s.bytes += st.Size()
	switch {
	case len(s.files) > mostShown:
		return &failure{op: "show", object: file, err: errTooMany, hint: showAll}
	case s.bytes > mostShownBytes:
		return &failure{op: "show", object: file, err: errTooLarge, hint: showAll}
	}
	return nil
}

// close closes the files of a command that isn't run.
func (s *shown) close() {
	for i := range s.open {
		s.open[i].Close()
	}
}

const showAll = "show the working directory with --ro ."
