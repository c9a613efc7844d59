package state

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/test/apart"
	"github.com/jailrun/jail/test/racer"
	"golang.org/x/sys/unix"
)

// applies makes changes of a state, and tells what was left, as "path: why".
func applies(t *testing.T, s *State, named ...string) (a *Applied, left []string) {
	t.Helper()
	a, err := s.Apply(t.Context(), named, ApplyOptions{})
	must(t, err)
	for _, l := range a.Left {
		left = append(left, l.Path+": "+l.Err.Error())
	}
	return a, left
}

// same compares lists, in any order of the first.
func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// reads wants files of a folder to hold what a map says; "" is what is not there.
func reads(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	for name, text := range want {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if text == "" && !errors.Is(err, fs.ErrNotExist) || text != "" && (err != nil || string(b) != text) {
			t.Errorf("%s: %q, %v, want %q", name, b, err, text)
		}
	}
}

func opaque(t *testing.T, dir string) {
	t.Helper()
	must(t, unix.Setxattr(dir, "user.overlay.opaque", []byte("y"), 0))
}

// later waits until what is made is newer than all that was.
func later(t *testing.T) {
	t.Helper()
	at := t.TempDir()
	begin := changedAt(t, at)
	for !after(changedAt(t, at), begin) {
		must(t, os.Chmod(at, 0o700))
	}
}

func changedAt(t *testing.T, at string) unix.Timespec {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Lstat(at, &st))
	return st.Ctim
}

func TestAnotherFolderInTheFoldersPlaceIsRefused(t *testing.T) {
	dir := project(t)
	_, s := kept(t, dir, work)
	var st unix.Stat_t
	must(t, unix.Stat(dir, &st))
	s.Parts[0].Dev, s.Parts[0].Ino = st.Dev, st.Ino
	changes(t, s)
	must(t, os.Rename(dir, dir+".away"))
	must(t, os.Mkdir(dir, 0o755))
	if _, err := s.Apply(t.Context(), nil, ApplyOptions{}); !errors.Is(err, ErrMoved) {
		t.Error(err)
	}
	if err := s.Diff(t.Context(), nil, func(Change) error { return nil }); !errors.Is(err, ErrMoved) {
		t.Error(err)
	}
}

func TestALinkThatAnotherHasPutInTheFoldersPlaceIsNotFollowed(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("feature root: not run as root")
	}
	dir, victim := project(t), t.TempDir()
	_, s := kept(t, dir, work)
	must(t, os.Rename(dir, dir+".away"))
	must(t, os.Symlink(victim, dir))
	must(t, os.Lchown(dir, 1000, 1000))
	if _, err := s.Apply(t.Context(), nil, ApplyOptions{}); !errors.Is(err, safepath.LinkOnWay) {
		t.Error(err)
	}
	if names, err := os.ReadDir(victim); err != nil || len(names) != 0 {
		t.Errorf("%v, %v", names, err)
	}
}

func TestWhatCameSinceIsNotRemoved(t *testing.T) {
	dir := project(t)
	_, s := kept(t, dir, map[string]string{"d": "gone", "sub": "gone"})
	later(t)
	tree(t, dir, map[string]string{"d/mine": "mine", "sub/deep/empty/": ""})
	a, left := applies(t, s)
	same(t, "left", left, "/box/p/d/mine: "+ErrNewer.Error(), "/box/p/d: "+ErrKept.Error(),
		"/box/p/sub/deep/empty: "+ErrNewer.Error(), "/box/p/sub/deep: "+ErrKept.Error(), "/box/p/sub: "+ErrKept.Error())
	reads(t, dir, map[string]string{"d/mine": "mine", "d/x": "", "d/y": "", "sub/deep/z": ""})
	if a.Deleted != 0 {
		t.Errorf("%+v", a.Sum)
	}
	same(t, "in the state", changes(t, s), "deleted folder /box/p/d", "deleted folder /box/p/sub")
}

func TestWhatWasChangedSinceIsNotReplaced(t *testing.T) {
	dir := project(t)
	_, s := kept(t, dir, map[string]string{"a": "theirs", "b": "theirs", "d/new": "theirs"})
	later(t)
	tree(t, dir, map[string]string{"b": "mine", "d/new": "mine"})
	_, left := applies(t, s)
	same(t, "left", left, "/box/p/b: "+ErrNewer.Error(), "/box/p/d/new: "+ErrNewer.Error())
	reads(t, dir, map[string]string{"a": "theirs", "b": "mine", "d/new": "mine"})
	_, err := s.Apply(t.Context(), []string{"/box/p/b"}, ApplyOptions{Overwrite: true})
	must(t, err)
	reads(t, dir, map[string]string{"b": "theirs", "d/new": "mine"})
}

func TestWhatIsMountedInTheFolderStays(t *testing.T) {
	apart.Run(t, func(string) {
		dir := project(t)
		_, s := kept(t, dir, map[string]string{"d": "gone", "sub/deep/new": "new"})
		for _, at := range [...]string{"/d", "/sub/deep"} {
			must(t, unix.Mount("none", dir+at, "tmpfs", 0, "mode=755"))
			defer unix.Unmount(dir+at, unix.MNT_DETACH)
			tree(t, dir, map[string]string{at + "/kept": "kept"})
		}
		_, left := applies(t, s)
		same(t, "left", left, "/box/p/d: "+ErrMounted.Error(), "/box/p/sub/deep/new: "+ErrMounted.Error())
		reads(t, dir, map[string]string{"d/kept": "kept", "sub/deep/kept": "kept", "sub/deep/new": ""})
	})
}

func TestAFolderMadeAnewTellsWhatItHides(t *testing.T) {
	dir := project(t)
	tree(t, dir, map[string]string{"sub/deep/more/z": "z", "sub/other": "other"})
	_, s := kept(t, dir, map[string]string{"sub/deep/new": "new", "sub/deep/f": "f", "sub/other": "other"})
	opaque(t, upperOf(s)+"/sub")
	all := []string{"added file /box/p/sub/deep/f", "added file /box/p/sub/deep/new", "deleted file /box/p/sub/deep/z", "deleted folder /box/p/sub/deep/more"}
	same(t, "all", changes(t, s), all...)

	a, left := applies(t, s, "/box/p/sub/deep/f")
	same(t, "left", left)
	if a.Added != 1 || a.Deleted != 0 {
		t.Errorf("%+v", a.Sum)
	}
	reads(t, dir, map[string]string{"sub/deep/f": "f", "sub/deep/z": "z", "sub/deep/more/z": "z", "sub/deep/new": ""})
	same(t, "after a part", changes(t, s), all[1:]...)

	applies(t, s, "/box/p/sub/deep/z")
	same(t, "after another", changes(t, s), all[1], all[3])
	applies(t, s)
	same(t, "after all", changes(t, s))
	reads(t, dir, map[string]string{"sub/deep/f": "f", "sub/deep/z": "", "sub/deep/more/z": "", "sub/deep/new": "new", "sub/other": "other"})
	if names, err := os.ReadDir(upperOf(s)); err != nil || len(names) != 0 {
		t.Errorf("the state still has %v, %v", names, err)
	}
}

func TestAPartOfANewFolderLeavesTheRest(t *testing.T) {
	dir := project(t)
	_, s := kept(t, dir, map[string]string{"more/a": "a", "more/b": "b"})
	opaque(t, upperOf(s)+"/more") // as the kernel has it of each new folder
	must(t, os.Chmod(upperOf(s)+"/more", 0o700))
	must(t, os.Chmod(upperOf(s)+"/more/a", 0o600))
	applies(t, s, "/box/p/more/a")
	same(t, "in the state", changes(t, s), "added file /box/p/more/b")
	reads(t, dir, map[string]string{"more/a": "a", "more/b": ""})
}

func TestAPathAtWhichNothingIsMakesNoFolder(t *testing.T) {
	dir := project(t)
	_, s := kept(t, dir, work)
	a, err := s.Apply(t.Context(), []string{"/box/p/a", "/box/p/more/none"}, ApplyOptions{})
	if !errors.Is(err, ErrUnchanged) || a.Sum != (Sum{}) {
		t.Errorf("%v, %+v", err, a.Sum)
	}
	if _, err := os.Lstat(dir + "/more"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestALinkThatCouldLeadOutByAnotherIsLeft(t *testing.T) {
	dir, out := project(t), t.TempDir()
	must(t, os.Symlink(out, dir+"/door"))
	_, s := kept(t, dir, map[string]string{"d/e/s": "-> ..", "esc": "-> d/e/s/../../victim/s", "through": "-> door/f", "top": "-> door", "sub/fine": "-> deep/z"})
	_, left := applies(t, s)
	same(t, "left", left, "/box/p/esc: "+ErrEscapes.Error(), "/box/p/through: "+ErrEscapes.Error(), "/box/p/top: "+ErrEscapes.Error())
	reads(t, dir, map[string]string{"sub/fine": "z"})
}

func TestOnlyACopyOfAFolderIsApplied(t *testing.T) {
	for _, kind := range [...]PartKind{KindView, KindRoot, ""} {
		dir := project(t)
		_, s := kept(t, dir, work)
		s.Parts[0].Kind = kind
		if _, err := s.Apply(t.Context(), nil, ApplyOptions{}); !errors.Is(err, ErrNoFolder) {
			t.Errorf("%q: %v", kind, err)
		}
		reads(t, dir, map[string]string{"a": "a", "new": ""})
	}
}

func TestModesAreThoseOfTheFolder(t *testing.T) {
	dir := project(t)
	must(t, os.Chmod(dir+"/a", 0o600|fs.ModeSetuid))
	must(t, os.Chmod(dir+"/sub", 0o750))
	_, s := kept(t, dir, map[string]string{"a": "A", "same": "same", "tool": "t", "open": "o", "fresh/": "", "sub/deep/z": "Z"})
	for name, mode := range map[string]fs.FileMode{"a": 0o777 | fs.ModeSetuid, "same": 0o755, "tool": 0o700 | fs.ModeSetgid, "open": 0o600, "fresh": 0o777 | fs.ModeSticky, "sub": 0o777} {
		must(t, os.Chmod(upperOf(s)+"/"+name, mode))
	}
	var only []string
	must(t, s.Diff(t.Context(), nil, func(c Change) error {
		if c.Only != "" {
			only = append(only, string(c.Only)+" "+c.Path)
		}
		return nil
	}))
	same(t, "told", only, "mode /box/p/same", "mode /box/p/sub")
	_, left := applies(t, s)
	same(t, "left", left, "/box/p/same: "+ErrMode.Error(), "/box/p/sub: "+ErrMode.Error())
	for name, want := range map[string]fs.FileMode{"a": 0o600, "same": 0o644, "tool": 0o755, "open": 0o644, "fresh": 0o755 | fs.ModeDir, "sub": 0o750 | fs.ModeDir} {
		if info, err := os.Lstat(dir + "/" + name); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
	reads(t, dir, map[string]string{"a": "A", "sub/deep/z": "Z"})
}

func TestAFileThatWasGivenAwayIsTold(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("feature root: not run as root")
	}
	_, s := kept(t, project(t), map[string]string{"a": "a", "b": "b"})
	must(t, os.Chown(upperOf(s)+"/a", 5, 0))
	same(t, "where none can be given away", changes(t, s))
	s.User = "root"
	same(t, "root inside", changes(t, s), "changed file /box/p/a")
}

func TestAFolderComesInAFilesPlaceAndAFileInAFolders(t *testing.T) {
	dir := project(t)
	must(t, os.Symlink("a", dir+"/l"))
	_, s := kept(t, dir, map[string]string{"a/in": "in", "d": "d", "l": "l", "b": "-> same"})
	same(t, "all", changes(t, s), "added file /box/p/a/in", "added file /box/p/d", "changed file /box/p/l", "changed folder /box/p/a", "changed link /box/p/b", "deleted folder /box/p/d")
	_, left := applies(t, s)
	same(t, "left", left)
	reads(t, dir, map[string]string{"a/in": "in", "d": "d", "l": "l", "b": "same"})
	same(t, "in the state", changes(t, s))
}

func TestAFolderThatTheProgramHasClosedIsLookedInto(t *testing.T) {
	dir := project(t)
	_, s := kept(t, dir, map[string]string{"shut/in/f": "f", "z": "z"})
	for _, name := range [...]string{"/shut/in", "/shut"} {
		must(t, os.Chmod(upperOf(s)+name, 0))
	}
	same(t, "all", changes(t, s), "added file /box/p/shut/in/f", "added file /box/p/z", "added folder /box/p/shut", "added folder /box/p/shut/in")
	_, left := applies(t, s)
	same(t, "left", left)
	reads(t, dir, map[string]string{"shut/in/f": "f", "z": "z"})
}

func TestTheStoreInTheFolderIsNotWrittenTo(t *testing.T) {
	dir := project(t)
	store := dir + "/store"
	must(t, os.Mkdir(store, 0o755))
	s, err := Open(t.Context(), store, "s", Want{User: "jail", Bytes: 16 << 20, Parts: []Part{
		{Target: "/box/p", Source: dir, Kind: KindCOW}, {Target: "/box/q", Source: dir, Kind: KindCOW}}})
	must(t, err)
	defer s.Close()
	tree(t, upperOf(s), map[string]string{"store/states/evil": "evil", "new": "new"})
	tree(t, strings.Replace(upperOf(s), s.Parts[0].Dir, s.Parts[1].Dir, 1), map[string]string{"store": "gone"})
	_, left := applies(t, s)
	same(t, "left", left, "/box/p/store/states/evil: "+ErrStore.Error(), "/box/p/store/states: "+ErrStore.Error(), "/box/q/store: "+ErrStore.Error())
	reads(t, dir, map[string]string{"new": "new", "store/states/evil": ""})
	s.Parts = s.Parts[:1]
	s.Parts[0].Source = store + "/states"
	if _, err := s.Apply(t.Context(), nil, ApplyOptions{}); !errors.Is(err, ErrStore) {
		t.Error(err)
	}
}

// A folder of the caller's that is swapped for a link all the time leads nowhere else:
// where the link is followed, some round in a thousand is led out by it.
func TestASwapWhileItIsAppliedLeadsNowhereElse(t *testing.T) {
	dir, out := project(t), t.TempDir()
	_, s := kept(t, dir, nil)
	for range 1000 {
		must(t, errors.Join(os.RemoveAll(dir+"/d"), os.RemoveAll(dir+"/link"), os.Mkdir(dir+"/d", 0o755), os.Symlink(out, dir+"/link")))
		tree(t, upperOf(s), map[string]string{"d/n": "new", "d/o": "new"})
		stop := racer.Swap(dir+"/d", dir+"/link")
		_, err := s.Apply(t.Context(), nil, ApplyOptions{})
		stop()
		must(t, err)
	}
	if names, err := os.ReadDir(out); err != nil || len(names) != 0 {
		t.Errorf("%v, %v", names, err)
	}
}

func TestWhatCameSinceAFolderWasMadeAnewStays(t *testing.T) {
	dir := project(t)
	_, s := kept(t, dir, map[string]string{"d/new": "new", "sub/": ""})
	opaque(t, upperOf(s)+"/d")
	opaque(t, upperOf(s)+"/sub")
	must(t, os.Chmod(upperOf(s)+"/d", 0o555))
	t.Cleanup(func() { _ = os.Chmod(upperOf(s)+"/d", 0o755) }) // for an ordinary user's TempDir
	later(t)
	tree(t, dir, map[string]string{"d/mine": "mine", "sub/mine": "mine"})
	later(t)
	tree(t, upperOf(s), map[string]string{"sub/late": "late"})
	changes(t, s)
	_, left := applies(t, s)
	same(t, "left", left, "/box/p/d/mine: "+ErrNewer.Error(), "/box/p/d: "+ErrMode.Error(), "/box/p/sub/mine: "+ErrNewer.Error())
	reads(t, dir, map[string]string{"d/mine": "mine", "sub/mine": "mine", "d/x": "", "d/new": "new"})
}

func TestWhatABackupBroughtIsAsOldAsItsState(t *testing.T) {
	dir := project(t)
	_, s := kept(t, dir, nil)
	later(t)
	tree(t, dir, map[string]string{"a": "mine", "b": "mine"})
	later(t)
	tree(t, upperOf(s), map[string]string{"a": "gone", "b": "theirs"})
	s.Imported = true
	_, left := applies(t, s)
	same(t, "left", left, "/box/p/a: "+ErrNewer.Error(), "/box/p/b: "+ErrNewer.Error())
	reads(t, dir, map[string]string{"a": "mine", "b": "mine"})
	s.Imported = false
	applies(t, s)
	reads(t, dir, map[string]string{"a": "", "b": "theirs"})
}

func TestWhatRootMakesIsTheOwnersOfTheFolder(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("feature root: not run as root")
	}
	const owner = 65534
	dir := project(t)
	for _, name := range [...]string{"", "/sub", "/a"} {
		must(t, os.Chown(dir+name, owner, owner))
	}
	_, s := kept(t, dir, map[string]string{"new/in/file": "x", "sub/link": "-> deep", "sub/deep/roots/": "", "a": "A"})
	_, left := applies(t, s)
	same(t, "left", left)
	for name, want := range map[string]uint32{"new": owner, "new/in": owner, "new/in/file": owner, "sub/link": owner, "sub/deep/roots": 0, "a": owner} {
		var st unix.Stat_t
		if err := unix.Lstat(dir+"/"+name, &st); err != nil || st.Uid != want || st.Gid != want {
			t.Errorf("%s: %v, owned by %d:%d, want %d", name, err, st.Uid, st.Gid, want)
		}
	}
}
