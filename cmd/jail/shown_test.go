package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jailrun/jail/policy"
)

// inFolder makes a working directory with files, a folder, a link and more.
func inFolder(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, dir := range []string{"dir", "other"} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"prog.py", "a.out", "-flag", "dir/x.py", "dir/y.py", "other/x.py"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("prog.py", "link"); err != nil {
		t.Fatal(err)
	}
}

func TestNamedFilesAreShown(t *testing.T) {
	inFolder(t)
	cwd, _ := os.Getwd()
	for _, c := range []struct{ argv, want, files string }{
		{"python3 prog.py", "python3 prog.py", "prog.py"},
		{"./a.out prog.py", "./a.out prog.py", "a.out prog.py"},
		{"a.out", "a.out", ""}, // along PATH, as a shell does
		{"cat ././prog.py", "cat ././prog.py", "prog.py"},
		{"dir/x.py", "/box/x.py", "dir/x.py"},
		{"cat dir/x.py dir/y.py dir/x.py", "cat /box/x.py /box/y.py /box/x.py", "dir/x.py dir/y.py"},
		{"cat dir/../prog.py", "cat dir/../prog.py", "prog.py"},
		{"cat -flag", "cat -flag", ""},
		{"cat dir", "cat dir", ""},
		{"cat link", "cat link", ""},
		{"cat absent", "cat absent", ""},
		{"cat ../x " + cwd + "/prog.py /etc/passwd", "cat ../x " + cwd + "/prog.py /etc/passwd", ""},
	} {
		s, err := show(strings.Fields(c.argv), &policy.Policy{}, noneMoved)
		if err != nil {
			t.Errorf("%q: %v", c.argv, err)
			continue
		}
		if got := strings.Join(s.argv, " "); got != c.want {
			t.Errorf("%q: arguments %q, want %q", c.argv, got, c.want)
		}
		if got := strings.Join(s.files, " "); got != c.files {
			t.Errorf("%q: shows %q, want %q", c.argv, got, c.files)
		}
	}
}

func TestElsewhereNamedFilesAreNamedByTheirPlace(t *testing.T) {
	inFolder(t)
	s, err := show([]string{"cat", "prog.py"}, &policy.Policy{Chdir: "/tmp"}, noneMoved)
	if err != nil || s.argv[1] != "/box/prog.py" {
		t.Errorf("%v, %v; want /box/prog.py", s, err)
	}
}

func TestWhatThePolicyShowsIsLeftToIt(t *testing.T) {
	inFolder(t)
	for _, at := range []string{"/box", "/box/dir", "/box/dir/x.py"} {
		p := &policy.Policy{Files: []policy.File{{Kind: policy.FileRO, Source: "/x", Target: at}}}
		s, err := show([]string{"cat", "dir/x.py"}, p, noneMoved)
		if err != nil || s.argv[1] != "dir/x.py" || len(s.files) != 0 {
			t.Errorf("with a file at %s: %+v, %v; want the argument as it was", at, s, err)
		}
	}
}

func TestTwoFilesOfOneNameAreRefused(t *testing.T) {
	inFolder(t)
	if _, err := show([]string{"cat", "dir/x.py", "other/x.py"}, &policy.Policy{}, noneMoved); !errors.Is(err, errSameName) {
		t.Errorf("%v, want %v", err, errSameName)
	}
}

func TestShownFilesAreBounded(t *testing.T) {
	t.Chdir(t.TempDir())
	argv := []string{"cat"}
	for i := range mostShown + 1 {
		name := fmt.Sprint(i)
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		argv = append(argv, name)
	}
	if _, err := show(argv, &policy.Policy{}, noneMoved); !errors.Is(err, errTooMany) {
		t.Errorf("%v, want %v", err, errTooMany)
	}
	if s, err := show(argv[:mostShown+1], &policy.Policy{}, noneMoved); err != nil || len(s.files) != mostShown {
		t.Errorf("%d files: %v", mostShown, err)
	}
}

func TestLargeFilesAreNotCopied(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, size := range map[string]int64{"a": mostShownBytes, "b": 1} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(name, size); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := show([]string{"cat", "a"}, &policy.Policy{}, noneMoved); err != nil {
		t.Error(err)
	}
	if _, err := show([]string{"cat", "a", "b"}, &policy.Policy{}, noneMoved); !errors.Is(err, errTooLarge) {
		t.Errorf("%v, want %v", err, errTooLarge)
	}
}

// noneMoved is for a command line without --in and --out.
func noneMoved(string) bool { return false }

func TestWhatIsCopiedInOrOutIsNotShownReadOnly(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"a", "d/x", "out"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r := &request{ins: []transfer{{from: "a"}, {from: "./d/"}}, outs: []transfer{{from: "out"}}}
	s, err := show([]string{"cat", "a", "d/x", "out"}, &policy.Policy{}, r.moves)
	if err != nil || len(s.files) != 0 || s.argv[2] != "d/x" {
		t.Errorf("%v, %+v", err, s)
	}
}
