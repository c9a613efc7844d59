package exchange

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestMain is also the program that an attack is run by: a process of its own.
func TestMain(m *testing.M) {
	if name := os.Getenv("JAIL_TEST_PROGRAM"); name != "" {
		for turn := 0; ; turn++ {
			programs[name](turn)
			if turn == 0 {
				_, _ = os.Stdout.WriteString("begun\n")
			}
		}
	}
	os.Exit(m.Run())
}

// grow makes files, folders and links in a folder: "path/" is a folder, "path ->
// target" a link, "path = content" a file, "path !" one that may be executed, and
// "path |" a FIFO.
func grow(t *testing.T, dir string, lines ...string) string {
	t.Helper()
	for _, line := range lines {
		name, target, link := strings.Cut(line, " -> ")
		name, content, _ := strings.Cut(name, " = ")
		name, program := strings.CutSuffix(name, " !")
		name, fifo := strings.CutSuffix(name, " |")
		at := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(at), 0o755))
		switch {
		case link:
			must(t, os.Symlink(target, at))
		case fifo:
			must(t, unix.Mkfifo(at, 0o666))
		case strings.HasSuffix(name, "/"):
			must(t, os.MkdirAll(at, 0o755))
		default:
			must(t, os.WriteFile(at, []byte(content), 0o644))
		}
		if program {
			must(t, os.Chmod(at, 0o755))
		}
	}
	return dir
}

// look opens a tree as a supervisor holds it.
func look(t *testing.T, dir string) *os.File {
	t.Helper()
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	must(t, err)
	f := os.NewFile(uintptr(fd), dir)
	t.Cleanup(func() { f.Close() })
	return f
}

// lines is what grow would make a folder of, sorted.
func lines(t *testing.T, dir string) (all []string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		must(t, err)
		name, _ := filepath.Rel(dir, path)
		info, err := e.Info()
		must(t, err)
		switch {
		case name == ".":
		case e.IsDir():
			all = append(all, name+"/")
		case info.Mode()&os.ModeSymlink != 0:
			target, err := os.Readlink(path)
			must(t, err)
			all = append(all, name+" -> "+target)
		case !info.Mode().IsRegular():
			all = append(all, name+" |")
		default:
			content, err := os.ReadFile(path)
			must(t, err)
			line := name
			if len(content) > 0 {
				line += " = " + string(content)
			}
			if info.Mode()&0o111 != 0 {
				line += " !"
			}
			all = append(all, line)
		}
		return nil
	}))
	slices.Sort(all)
	return all
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	want = slices.Clone(want)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q\nwant %q", what, got, want)
	}
}

func code(err error) Code {
	if e, ok := err.(*Error); ok {
		return e.Code()
	}
	return ""
}
