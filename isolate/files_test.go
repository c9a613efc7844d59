package isolate

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/test/racer"
	"golang.org/x/sys/unix"
)

const attacker = 65534

// hostile makes a folder of another user's, in which he may swap anything, and
// one of ours that holds a secret in files of the same names. Anyone might read
// them, but nobody else may enter the folder.
func hostile(t *testing.T) (his, ours string) {
	t.Helper()
	his, ours = t.TempDir(), filepath.Join(t.TempDir(), "ours")
	ok(t, os.Chmod(filepath.Dir(his), 0o755))
	ok(t, os.Mkdir(ours, 0o700))
	ok(t, os.Mkdir(his+"/sub", 0o755))
	for name, size := range map[string]int{"small": 10, "large": 2 * copyAtMost, "sub/large": 2 * copyAtMost} {
		ok(t, os.WriteFile(filepath.Join(his, name), bytes.Repeat([]byte("plain "), size/6), 0o644))
		ok(t, os.WriteFile(filepath.Join(ours, filepath.Base(name)), bytes.Repeat([]byte("secret "), size/6), 0o644))
		give(t, filepath.Join(his, name))
	}
	give(t, his)
	give(t, his+"/sub")
	return his, ours
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// give hands a path, not what it links to, to the attacker.
func give(t *testing.T, path string) {
	t.Helper()
	if err := os.Lchown(path, attacker, attacker); errors.Is(err, unix.EPERM) {
		t.Skip("needs CAP_CHOWN to make another user's file")
	} else {
		ok(t, err)
	}
}

// swap makes path a link to another one, keeping what was there beside it.
func swap(t *testing.T, path, to string) {
	t.Helper()
	ok(t, os.Rename(path, path+".was"))
	ok(t, os.Symlink(to, path))
	give(t, path)
}

func TestASwapAfterAFileIsOpenedShowsNothingElse(t *testing.T) {
	for _, c := range []struct {
		name, swapped string
		want          string // "" where nothing is there any more
	}{
		{"small", "small", "plain"},
		{"large", "large", ""},
		{"sub/large", "sub/large", ""},
		{"sub/large", "sub", "plain"},
	} {
		his, ours := hostile(t)
		to := filepath.Join(ours, c.name)
		if c.swapped == "sub" {
			to = ours
		}
		cmd := Command(nil, "head", "-c", "5", "/box/"+filepath.Base(c.name))
		ok(t, cmd.Show(his, c.name))
		swap(t, filepath.Join(his, c.swapped), to)
		out, err := cmd.Output()
		if got := string(out); got != c.want || c.want != "" && err != nil {
			t.Errorf("%s, with %s swapped: %q, %v; want %q", c.name, c.swapped, got, err, c.want)
		}
	}
}

func TestARacerIsNeverFollowed(t *testing.T) {
	his, ours := hostile(t)
	for _, name := range []string{"small", "large"} {
		ok(t, os.Symlink(filepath.Join(ours, name), filepath.Join(his, name+".link")))
		give(t, filepath.Join(his, name+".link"))
		stop := racer.Swap(filepath.Join(his, name), filepath.Join(his, name+".link"))
		for range 25 {
			cmd := Command(nil, "head", "-c", "6", "/box/"+name)
			if cmd.Show(his, name) != nil {
				continue // it was the link
			}
			if out, _ := cmd.Output(); strings.Contains(string(out), "secret") {
				t.Errorf("%s: the racer's link was followed", name)
				break
			}
		}
		stop()
	}
}

func TestAFileIsOpenedBeneathItsFolderAlone(t *testing.T) {
	his, ours := hostile(t)
	ok(t, os.Symlink(ours, his+"/out"))
	ok(t, os.Symlink("small", his+"/link"))
	for name, want := range map[string]error{
		"small": nil, "sub/../small": nil, "sub/large": nil,
		"link": safepath.SymbolicLink, "out/small": safepath.SymbolicLink,
		"../x": safepath.Outside, ours + "/small": safepath.Outside, "sub": safepath.Directory, "absent": unix.ENOENT,
	} {
		cmd := Command(nil, "true")
		err := cmd.Show(his, name)
		if !errors.Is(err, want) || (err == nil) != (want == nil) || (len(cmd.Files) == 1) != (want == nil) {
			t.Errorf("%s: %v, %d files; want %v", name, err, len(cmd.Files), want)
		}
		cmd.closeFiles()
	}
}

func TestNamedFilesThatCannotBeShownAreRefused(t *testing.T) {
	dir := t.TempDir()
	ok(t, os.WriteFile(dir+"/a", nil, 0o600))
	ok(t, os.WriteFile(dir+"/half", nil, 0o600))
	ok(t, os.Truncate(dir+"/half", mostNamedBytes/2+1))
	open := func(name, as string) File {
		f, err := os.Open(filepath.Join(dir, name))
		ok(t, err)
		return File{Name: as, File: f}
	}
	for what, c := range map[string]struct {
		files []File
		want  error
	}{
		"a folder":      {[]File{open("", "x")}, errNotRegular},
		"a path":        {[]File{open("a", "x/y")}, errBadName},
		"a way out":     {[]File{open("a", "..")}, errBadName},
		"one name":      {[]File{open("a", "x"), open("a", "x")}, errTwice},
		"too much":      {[]File{open("half", "x"), open("half", "y")}, errNamedLarge},
		"nothing":       {[]File{{Name: "x"}}, os.ErrInvalid},
		"a closed file": {[]File{closed(t, open("a", "x"))}, unix.EBADF},
	} {
		cmd := Command(&policy.Policy{}, "true")
		cmd.Files = c.files
		if err := cmd.Run(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
	}
}

func closed(t *testing.T, f File) File {
	t.Helper()
	ok(t, f.Close())
	return f
}

func TestAFileIsShownFromItsStart(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	ok(t, err)
	_, err = f.WriteString("whole")
	ok(t, err)
	cmd := Command(nil, "cat", "/box/x")
	cmd.Files = []File{{Name: "x", File: f}}
	if out, err := cmd.Output(); string(out) != "whole" {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := f.Stat(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the file was left open: %v", err)
	}
}
