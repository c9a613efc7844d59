package state

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jailrun/jail/internal/removal"
	"github.com/jailrun/jail/rootfs"
	"golang.org/x/sys/unix"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tree makes files of a map: a name that ends in a slash is a folder, a text that
// begins with "-> " a link.
func tree(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	names := make([]string, 0, len(files))
	for n := range files {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		at := filepath.Join(dir, n)
		must(t, os.MkdirAll(filepath.Dir(at), 0o755))
		switch text := files[n]; {
		case n[len(n)-1] == '/':
			must(t, os.MkdirAll(at, 0o755))
		case len(text) > 3 && text[:3] == "-> ":
			must(t, os.Symlink(text[3:], at))
		case text == "gone":
			must(t, unix.Mknod(at, unix.S_IFCHR, 0))
		default:
			must(t, os.WriteFile(at, []byte(text), 0o644))
		}
	}
}

// kept makes a state of a folder, with what a program has done in it.
func kept(t *testing.T, source string, changes map[string]string) (store string, s *State) {
	t.Helper()
	store = t.TempDir()
	s, err := Open(t.Context(), store, "s", Want{User: "jail", Bytes: 16 << 20, Parts: []Part{{Target: "/box/p", Source: source, Kind: KindCOW}}})
	must(t, err)
	t.Cleanup(s.Close)
	tree(t, upperOf(s), changes)
	return store, s
}

func upperOf(s *State) string {
	return "/proc/self/fd/" + strconv.Itoa(int(s.Root().Fd())) + "/" + s.Parts[0].Dir + "/" + UpperDir
}

func changes(t *testing.T, s *State) (list []string) {
	t.Helper()
	must(t, s.Diff(t.Context(), nil, func(c Change) error {
		list = append(list, string(c.Kind)+" "+c.Type+" "+c.Path)
		return nil
	}))
	return list
}

func project(t *testing.T) string {
	dir := t.TempDir()
	tree(t, dir, map[string]string{"a": "a", "b": "b", "d/x": "x", "d/y": "y", "same": "same", "sub/deep/z": "z"})
	return dir
}

var work = map[string]string{
	"a": "changed", "b": "gone", "new": "new", "more/f": "f", "d": "gone", "same": "same", "to": "-> more/f", "out": "-> /etc/shadow", "up": "-> ../secret",
}

func TestDiffTellsWhatAProgramHasChangedAndNothingElse(t *testing.T) {
	_, s := kept(t, project(t), work)
	want := []string{"changed file /box/p/a", "deleted file /box/p/b", "deleted folder /box/p/d", "added folder /box/p/more", "added file /box/p/more/f",
		"added file /box/p/new", "added link /box/p/out", "added link /box/p/to", "added link /box/p/up"}
	if got := changes(t, s); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestAChangeIsToldWhateverTimesTheProgramHasSet(t *testing.T) {
	dir := project(t)
	_, s := kept(t, dir, map[string]string{"same": "SAME"})
	info, err := os.Stat(dir + "/same")
	must(t, err)
	must(t, os.Chtimes(upperOf(s)+"/same", info.ModTime(), info.ModTime()))
	if got := changes(t, s); !slices.Equal(got, []string{"changed file /box/p/same"}) {
		t.Errorf("%q", got)
	}
}

func TestApplyMakesTheChangesInTheFolderAndLeavesLinksThatLeadOut(t *testing.T) {
	dir := project(t)
	_, s := kept(t, dir, work)
	must(t, os.Chmod(upperOf(s)+"/new", 0o755|fs.ModeSetuid))
	a, err := s.Apply(t.Context(), nil, ApplyOptions{})
	must(t, err)
	if a.Added != 4 || a.Changed != 1 || a.Deleted != 2 || len(a.Left) != 2 || !errors.Is(a.Left[0].Err, ErrEscapes) {
		t.Errorf("%+v", a)
	}
	for name, want := range map[string]string{"a": "changed", "new": "new", "more/f": "f", "to": "f", "same": "same", "sub/deep/z": "z"} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	for _, name := range []string{"b", "d", "out", "up"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is there: %v", name, err)
		}
	}
	if info, err := os.Stat(dir + "/new"); err != nil || info.Mode() != 0o755 {
		t.Errorf("new is %v, %v", info.Mode(), err)
	}
	if got := changes(t, s); !slices.Equal(got, []string{"added link /box/p/out", "added link /box/p/up"}) {
		t.Errorf("left in the state: %q", got)
	}
}

func TestApplyOfSomePathsLeavesTheOthersInTheState(t *testing.T) {
	dir := project(t)
	_, s := kept(t, dir, work)
	a, err := s.Apply(t.Context(), []string{"/box/p/more/f"}, ApplyOptions{})
	must(t, err)
	if b, err := os.ReadFile(dir + "/more/f"); err != nil || string(b) != "f" || a.Added != 2 {
		t.Errorf("%q, %v, %+v", b, err, a)
	}
	if b, err := os.ReadFile(dir + "/a"); err != nil || string(b) != "a" {
		t.Errorf("a was changed too: %q, %v", b, err)
	}
	if got := changes(t, s); slices.Contains(got, "added file /box/p/more/f") || !slices.Contains(got, "changed file /box/p/a") {
		t.Errorf("%q", got)
	}
}

// A link in the caller's folder that leads out of it is not followed: the program
// knows that it is there.
func TestApplyWritesNothingOutsideTheFolder(t *testing.T) {
	dir, out := project(t), t.TempDir()
	must(t, os.Symlink(out, dir+"/door"))
	_, s := kept(t, dir, map[string]string{"door/f": "f"})
	a, err := s.Apply(t.Context(), nil, ApplyOptions{})
	must(t, err)
	if _, err := os.Lstat(out + "/f"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was written outside: %v, %+v", err, a)
	}
}

func TestOneJailAtATimeHasAState(t *testing.T) {
	store, s := kept(t, project(t), nil)
	if _, err := Take(t.Context(), store, "s"); !errors.Is(err, ErrInUse) {
		t.Error(err)
	}
	s.Close()
	again, err := Take(t.Context(), store, "s")
	must(t, err)
	again.Close()
}

func TestAStateIsHeldToWhatItWasMadeFor(t *testing.T) {
	store, s := kept(t, project(t), nil)
	s.Close()
	for _, c := range []struct {
		want Want
		err  error
	}{
		{Want{User: "jail", Image: "sha256:1"}, ErrOtherImage},
		{Want{User: "root"}, ErrOtherUser},
	} {
		if _, err := Open(t.Context(), store, "s", c.want); !errors.Is(err, c.err) {
			t.Errorf("%+v: %v", c.want, err)
		}
	}
	var e *Error
	if _, err := Open(t.Context(), store, "s", Want{User: "jail", Parts: []Part{{Target: "/box/p", Source: "/elsewhere"}}}); !errors.As(err, &e) || e.Hint == "" {
		t.Error(err)
	}
	if _, err := Open(t.Context(), store, "../s", Want{}); !errors.Is(err, ErrName) {
		t.Error(err)
	}
}

func TestDiscardRemovesAllAndSweepWhatAKilledOneHasLeft(t *testing.T) {
	store, s := kept(t, project(t), work)
	if err := Discard(t.Context(), store, "s"); !errors.Is(err, ErrInUse) {
		t.Errorf("in use: %v", err)
	}
	s.Close()
	must(t, Discard(t.Context(), store, "s"))
	must(t, os.MkdirAll(Dir(store)+"/.new-1/tree/closed/x", 0o700))
	must(t, Sweep(store))
	if left, err := os.ReadDir(Dir(store)); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
	if _, err := Get(store, "s"); !errors.Is(err, ErrNoState) {
		t.Error(err)
	}
}

func TestADamagedStateIsDiscardedWhenNobodyUsesIt(t *testing.T) {
	store, s := kept(t, project(t), work)
	must(t, os.Truncate(filepath.Join(Dir(store), "s", recordFile), 1))
	if err := Discard(t.Context(), store, "s"); !errors.Is(err, ErrInUse) {
		t.Errorf("in use: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := Discard(ctx, store, "s"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("in use, and given up: %v", err)
	}
	s.Close()
	must(t, Discard(t.Context(), store, "s"))
	if _, err := Get(store, "s"); !errors.Is(err, ErrNoState) {
		t.Error(err)
	}
}

func TestAStateOfWhichAllIsLostIsDiscarded(t *testing.T) {
	store, s := kept(t, project(t), work)
	s.Close()
	must(t, removal.All(filepath.Join(Dir(store), "s")))
	must(t, os.Mkdir(filepath.Join(Dir(store), "s"), 0o700))
	must(t, os.WriteFile(filepath.Join(Dir(store), "s", recordFile), nil, 0o600))
	must(t, Discard(t.Context(), store, "s"))
	if left, err := os.ReadDir(Dir(store)); err != nil || len(left) > 0 {
		t.Errorf("%v (%v)", left, err)
	}
}

func TestAUseLeavesTheRecordAsItIs(t *testing.T) {
	store, s := kept(t, project(t), nil)
	s.Close()
	file := filepath.Join(Dir(store), "s", recordFile)
	before, err := os.ReadFile(file)
	must(t, err)
	long := time.Now().Add(-time.Hour)
	must(t, os.Chtimes(file, long, long))
	must(t, os.Chmod(filepath.Dir(file), 0o500)) // for an ordinary user, too, nothing can be made there
	t.Cleanup(func() { _ = os.Chmod(filepath.Dir(file), 0o700) })
	r, err := Get(store, "s")
	must(t, err)
	w := Want{User: r.User, Parts: r.Parts}
	s, err = Open(t.Context(), store, "s", w)
	must(t, err)
	s.Close()
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
		t.Errorf("%s became %s (%v)", before, after, err)
	}
	if r, err := Get(store, "s"); err != nil || time.Since(r.Used) > time.Minute {
		t.Errorf("%+v (%v)", r, err)
	}
}

func TestStatesAreMadeWhileOthersSweep(t *testing.T) {
	store := t.TempDir()
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
				if err := Sweep(store); err != nil && !errors.Is(err, fs.ErrNotExist) {
					done <- err
					return
				}
			}
		}
	}()
	for i := range 50 {
		if err := Create(t.Context(), store, "s"+strconv.Itoa(i), Want{User: "jail", Bytes: LeastBytes}, nil); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	must(t, <-done)
}

func TestACanceledDiffEnds(t *testing.T) {
	_, s := kept(t, project(t), work)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Diff(ctx, rootfs.Stack{}, func(Change) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// layers are images of one layer each, as Upgrade is given them.
func layers(t *testing.T, files map[string]string) Base {
	t.Helper()
	dir := t.TempDir()
	tree(t, dir, files)
	return Base{ID: "sha256:" + dir, Stack: rootfs.Stack{dir}}
}

func TestWhatTheNewImageHasAsTheStateHasItIsNoConflict(t *testing.T) {
	from := layers(t, map[string]string{"a": "a", "b": "b", "c": "c", "d": "d"})
	to := layers(t, map[string]string{"a": "both", "c": "image", "d": "d", "link": "-> a", "other": "-> a"})
	s, err := Open(t.Context(), t.TempDir(), "s", Want{User: "jail", Bytes: 16 << 20, Image: from.ID, Parts: []Part{{Target: "/"}}})
	must(t, err)
	t.Cleanup(s.Close)
	tree(t, upperOf(s), map[string]string{"a": "both", "b": "gone", "c": "state", "d": "state", "link": "-> a", "other": "-> b"})
	var told []string
	n, err := s.Upgrade(t.Context(), from, to, UpgradeOptions{Say: func(c Conflict) error {
		told = append(told, c.Path)
		return nil
	}})
	if want := []string{"/c", "/other"}; !errors.Is(err, ErrConflict) || n != 2 || !slices.Equal(told, want) {
		t.Errorf("%d conflicts, %q, want %q: %v", n, told, want, err)
	}
}
