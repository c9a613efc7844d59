package main

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/test/dice"
	"golang.org/x/sys/unix"
)

const (
	secret = "of others"
	ours   = "of the program"
)

// FuzzWhatIsOpenedStaysInAFolderThatAProgramSwaps draws what a program does over
// and over to a folder that it shares with jail, and paths in that folder which
// jail opens meanwhile, as streams, results and named files. Whatever a link, a
// folder or a ".." came to mean, nothing outside may be read, made or changed.
func FuzzWhatIsOpenedStaysInAFolderThatAProgramSwaps(f *testing.F) {
	for _, s := range [][2]string{
		{"", ""},
		{"\x00\x00\x00\x01", "\x02\x00\x02\x02\x00\x02\x02\x00\x04\x02\x00\x04"},                                         // a is a folder, or a link to one outside
		{"\x00\x02\x00\x02", "\x01\x02\x01\x02\x01\x02\x01\x02"},                                                         // f is a file, or a link to one
		{"\x01\x04\x07\x00\x01\x07\x04\x00", "\x05\x00\x01\x03\x03\x02\x05\x00\x01\x03\x03\x02\x05\x00\x01\x03\x03\x04"}, // a/b is moved up while a/b/../../f is followed
		{"\x03\x05\x00\x00\x04\x05\x00\x03", "\x03\x01\x00\x02\x03\x01\x00\x02\x03\x01\x00\x04\x03\x01\x00\x04"},         // b/a is a folder, nothing, or a link
	} {
		f.Add([]byte(s[0]), []byte(s[1]))
	}
	f.Fuzz(func(t *testing.T, moves, paths []byte) {
		if len(moves) > 60 || len(paths) > 60 {
			return
		}
		top := t.TempDir()
		shared := outside(t, top)
		before := contents(t, top, shared)
		stop := swap(t, shared, moves)
		d := dice.New(paths)
		names := [...]string{inside(d), inside(d), inside(d), inside(d)}
		for range 20 {
			openAll(t, shared, names)
		}
		stop()
		if after := contents(t, top, shared); !maps.Equal(before, after) {
			t.Fatalf("outside was\n%q\nand is\n%q", before, after)
		}
	})
}

// outside makes folders with the same names at three depths, so that whatever
// leads out finds something, and the shared folder in the last.
func outside(t *testing.T, dir string) (shared string) {
	for _, below := range []string{"x", "x", "shared"} {
		for _, name := range []string{"a", "b", "a/b", "b/a"} {
			must(t, os.Mkdir(filepath.Join(dir, name), 0o755))
		}
		for _, name := range []string{"f", "a/f", "b/f", "a/b/f", "b/a/f"} {
			must(t, os.WriteFile(filepath.Join(dir, name), []byte(secret), 0o644))
		}
		dir = filepath.Join(dir, below)
		must(t, os.Mkdir(dir, 0o755))
	}
	return dir
}

func contents(t *testing.T, top, but string) map[string]string {
	all := map[string]string{}
	must(t, filepath.WalkDir(top, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == but:
			return fs.SkipDir
		case e.Type().IsRegular():
			b, err := os.ReadFile(name)
			all[name] = string(b)
			return err
		}
		all[name] = e.Type().String()
		return nil
	}))
	return all
}

// inside draws a path that by its names stays in the folder. For f/.. the
// kernel has ENOTDIR.
func inside(d *dice.Dice) string {
	var names []string
	for range d.N(6) {
		names = append(names, [...]string{"a", "b", "f", "..", "new"}[d.N(5)])
	}
	p := strings.Join(names, "/")
	if !filepath.IsLocal(p) {
		return "f"
	}
	return p
}

// openAll opens what a command line would, and looks where it came out.
func openAll(t *testing.T, shared string, paths [4]string) {
	r := &request{statusFD: -1, stdin: shared + "/" + paths[0], stdout: shared + "/" + paths[1], stderr: shared + "/" + paths[2], json: shared + "/" + paths[3]}
	s, err := openResult(r)
	if err == nil {
		_ = s.open(r) // what could be opened before the refusal is looked at too
	}
	defer s.closeOpened()
	for _, f := range []*os.File{s.stdout, s.stderr, s.json} {
		if isOpened(f) {
			isIn(t, shared, f)
			_, _ = f.WriteString(ours)
		}
	}
	if isOpened(s.stdin) {
		isOurs(t, shared, s.stdin)
	}
	if isOpened(s.json) {
		_ = s.emit([]byte(ours))
	}
	if f, err := isolate.OpenFile(shared, paths[0]); err == nil {
		isOurs(t, shared, f.File)
		f.Close()
	}
}

func isOpened(f *os.File) bool {
	return f != nil && f != os.Stdin && f != os.Stdout && f != os.Stderr
}

func (s *streams) closeOpened() {
	for _, f := range []*os.File{s.stdin, s.stdout, s.stderr, s.json} {
		if isOpened(f) {
			f.Close() // a second time where emit or a twin has done so
		}
	}
}

func isIn(t *testing.T, shared string, f *os.File) {
	at, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(int(f.Fd())))
	if err != nil || !strings.HasPrefix(at, shared+"/") {
		t.Fatalf("%s was opened as %s (%v)", at, f.Name(), err)
	}
}

func isOurs(t *testing.T, shared string, f *os.File) {
	isIn(t, shared, f)
	if b, err := io.ReadAll(f); err != nil || strings.Contains(string(b), secret) {
		t.Fatalf("%s was read as %q (%v)", f.Name(), b, err)
	}
}

// swap has a program work in the folder until it is stopped.
func swap(t *testing.T, shared string, moves []byte) (stop func()) {
	root, err := os.OpenRoot(shared)
	must(t, err)
	p := program{root}
	p.move(moves)
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		defer root.Close()
		for {
			select {
			case <-done:
				return
			default:
				p.move(moves)
			}
		}
	}()
	return func() { close(done); <-stopped }
}

// program does to a folder what one in a jail could: what it names never leads
// out of it. Its calls may fail.
type program struct{ *os.Root }

func (p program) move(moves []byte) {
	for _, dir := range []string{"a", "b", "a/b", "b/a"} {
		_ = p.Mkdir(dir, 0o755)
	}
	for _, file := range []string{"f", "a/f", "b/f"} {
		_ = p.WriteFile(file, []byte(ours), 0o644)
	}
	names := [...]string{"a", "b", "f", "a/f", "a/b", "b/a", "b/f", "c"}
	targets := [...]string{"..", "../a", "../f", "../..", "b", "../a/b"}
	for d := dice.New(moves); d.Left(); {
		op, from, to := d.N(6), names[d.N(len(names))], names[d.N(len(names))]
		switch target := targets[d.N(len(targets))]; op {
		case 0:
			_ = p.Symlink(target, "c")
			p.rename("c", from, unix.RENAME_EXCHANGE)
		case 1:
			p.rename(from, to, 0)
		case 2:
			p.rename(from, to, unix.RENAME_EXCHANGE)
		case 3:
			_ = p.RemoveAll(from)
		case 4:
			_ = p.Symlink(target, from)
		case 5:
			_ = p.Link(from, to)
		}
	}
}

func (p program) rename(from, to string, flags uint) {
	x, err := p.Open(path.Dir(from))
	if err != nil {
		return
	}
	defer x.Close()
	y, err := p.Open(path.Dir(to))
	if err != nil {
		return
	}
	defer y.Close()
	_ = unix.Renameat2(int(x.Fd()), path.Base(from), int(y.Fd()), path.Base(to), flags)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
}
