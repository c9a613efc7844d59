package exchange

import (
	"errors"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/sys/unix"
)

func TestASourceIsPutWhereItIsToBe(t *testing.T) {
	host := grow(t, t.TempDir(), "f = 1", "dir/g = 2", "dir/sub/run = 3 !", "dir/link -> g", "dir/fifo |", "x.in = a", "y.in = b", "ptr -> dir")
	for _, tc := range []struct {
		from, to string
		want     []string
	}{
		{"f", "f", []string{"f = 1"}},
		{"f", "a/b/c", []string{"a/", "a/b/", "a/b/c = 1"}},
		{"f", "a/", []string{"a/", "a/f = 1"}},
		{"f", ".", []string{"f = 1"}},
		{"ptr/g", "./x//y", []string{"x/", "x/y = 2"}},
		{"dir", "d", []string{"d/", "d/g = 2", "d/sub/", "d/sub/run = 3 !"}},
		{"dir/", "d/", []string{"d/", "d/dir/", "d/dir/g = 2", "d/dir/sub/", "d/dir/sub/run = 3 !"}},
		{"dir/.", ".", []string{"g = 2", "sub/", "sub/run = 3 !"}},
		{"ptr", "d", []string{"d/", "d/g = 2", "d/sub/", "d/sub/run = 3 !"}},
		{"*.in", "tests", []string{"tests/", "tests/x.in = a", "tests/y.in = b"}},
		{"d*/sub/*", ".", []string{"dir/", "dir/sub/", "dir/sub/run = 3 !"}},
	} {
		into := t.TempDir()
		_, err := In(t.Context(), look(t, into), FromPath(host+"/"+tc.from, SourceOptions{}), tc.to, InOptions{})
		if err != nil {
			t.Errorf("%s to %s: %v", tc.from, tc.to, err)
		}
		same(t, tc.from+" to "+tc.to, lines(t, into), tc.want...)
	}
}

func TestLinksOfTheHostAreFollowedOnlyIfAskedFor(t *testing.T) {
	host, into := grow(t, t.TempDir(), "dir/link -> ../f", "dir/folder -> ../other", "f = 1", "other/g = 2", "dir/circle -> ."), t.TempDir()
	_, err := In(t.Context(), look(t, into), FromPath(host+"/dir", SourceOptions{FollowLinks: true}), "d", InOptions{Limits: Limits{Depth: 2, Cut: true}})
	must(t, err)
	same(t, "followed", lines(t, into), "d/", "d/link = 1", "d/folder/", "d/folder/g = 2",
		"d/circle/", "d/circle/link = 1", "d/circle/circle/", "d/circle/folder/", "d/circle/folder/g = 2",
		"d/circle/circle/link = 1")
}

func TestBytesAndReadersBecomeOneFile(t *testing.T) {
	into := t.TempDir()
	tree := look(t, into)
	for to, s := range map[string]Source{"bytes": FromBytes([]byte("12")), "reader": FromReader(iotest.OneByteReader(strings.NewReader("34"))), "nothing": FromBytes(nil)} {
		r, err := In(t.Context(), tree, s, to, InOptions{})
		if err != nil || r.Files != 1 {
			t.Errorf("%s: %v, %v", to, r, err)
		}
	}
	same(t, "made", lines(t, into), "bytes = 12", "reader = 34", "nothing")
	for _, to := range []string{"folder/", ".", "", "/abs", "a/../b"} {
		if _, err := In(t.Context(), tree, FromBytes(nil), to, InOptions{}); code(err) != BadRequest {
			t.Errorf("to %q: %v", to, err)
		}
	}
	broken := errors.New("broken")
	_, err := In(t.Context(), tree, FromReader(iotest.ErrReader(broken)), "broken", InOptions{})
	if !errors.Is(err, broken) || code(err) != CopyFailed {
		t.Errorf("a reader that breaks: %v", err)
	}
	same(t, "made", lines(t, into), "bytes = 12", "reader = 34", "nothing")
}

func TestNothingInTheTreeIsFollowedOrLost(t *testing.T) {
	outside := t.TempDir()
	into := grow(t, t.TempDir(), "link -> "+outside+"/made", "dirlink -> "+outside, "up -> ..", "f = old", "fifo |", "dir/kept = k")
	tree := look(t, into)
	before := lines(t, into)
	for _, replace := range []bool{false, true} {
		for to, want := range map[string]Code{"link": CreateFailed, "dirlink/f": FolderFailed, "up/f": FolderFailed, "fifo": CreateFailed, "dir": CreateFailed, "f/x": FolderFailed} {
			if _, err := In(t.Context(), tree, FromBytes([]byte("new")), to, InOptions{Replace: replace}); code(err) != want {
				t.Errorf("to %s: %v, not %s", to, err, want)
			}
		}
		same(t, "the tree", lines(t, into), before...)
	}
	if _, err := In(t.Context(), tree, FromBytes([]byte("new")), "f", InOptions{}); !errors.Is(err, ErrExists) {
		t.Error(err)
	}
	_, err := In(t.Context(), tree, FromBytes([]byte("new")), "f", InOptions{Replace: true})
	must(t, err)
	if got, _ := os.ReadFile(into + "/f"); string(got) != "new" {
		t.Errorf("not replaced: %q", got)
	}
	same(t, "outside", lines(t, outside))
}

func TestWhatIsMadeIsTheJails(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("feature root: not run as root, which gives files away")
	}
	defer unix.Umask(unix.Umask(0o077))
	host, into := grow(t, t.TempDir(), "dir/run ! = 1", "dir/f = 1"), t.TempDir()
	foreign := FromBytes(nil)
	if _, err := In(t.Context(), look(t, into), foreign, "x", InOptions{Owner: &Owner{4242, 4343}}); !errors.Is(err, unix.EACCES) {
		t.Errorf("made where its owner may not: %v", err)
	}
	must(t, os.Chown(into, 4242, 4343))
	_, err := In(t.Context(), look(t, into), FromPath(host+"/dir", SourceOptions{}), "a/b", InOptions{Owner: &Owner{4242, 4343}})
	must(t, err)
	_, err = In(t.Context(), look(t, into), FromBytes(nil), "a/mode", InOptions{Mode: 0o777})
	must(t, err)
	for name, want := range map[string]struct{ mode, uid, gid uint32 }{
		"a": {0o755, 4242, 4343}, "a/b": {0o755, 4242, 4343}, "a/b/f": {0o644, 4242, 4343}, "a/b/run": {0o755, 4242, 4343}, "a/mode": {0o777, 0, 0},
	} {
		var st unix.Stat_t
		must(t, unix.Stat(into+"/"+name, &st))
		if st.Mode&0o7777 != want.mode || st.Uid != want.uid || st.Gid != want.gid {
			t.Errorf("%s has mode %o and owner %d:%d, not %v", name, st.Mode&0o7777, st.Uid, st.Gid, want)
		}
	}
}

func TestASourceThatIsNoFileIsAnError(t *testing.T) {
	host := grow(t, t.TempDir(), "fifo |", "dangling -> nothing", "f = 1")
	for from, want := range map[string]Code{
		host + "/fifo": NotRegular, host + "/absent": NotFound, host + "/dangling": NotFound, host + "/*.x": NotFound, host + "/f/x": OpenFailed,
		"/dev/zero": NotRegular, "/dev/null": NotRegular, "": BadRequest,
	} {
		if _, err := In(t.Context(), look(t, t.TempDir()), FromPath(from, SourceOptions{}), "x", InOptions{}); code(err) != want {
			t.Errorf("%s: %v (%s), not %s", from, err, code(err), want)
		}
	}
}

func TestAnOpenFileIsCopiedWhole(t *testing.T) {
	host, into := grow(t, t.TempDir(), "f = content"), t.TempDir()
	f, err := os.Open(host + "/f")
	must(t, err)
	defer f.Close()
	_, err = f.Read(make([]byte, 3))
	must(t, err)
	for _, to := range []string{"a", "b/"} {
		_, err = In(t.Context(), look(t, into), FromFile(f), to, InOptions{})
		must(t, err)
	}
	same(t, "copied", lines(t, into), "a = content", "b/", "b/f = content")
	d := look(t, host)
	if _, err := In(t.Context(), look(t, into), FromFile(d), "c", InOptions{}); code(err) != NotRegular {
		t.Error(err)
	}
}

func TestALinkIsMadeAndNotFollowed(t *testing.T) {
	into := t.TempDir()
	for _, want := range []Code{"", CreateFailed} {
		if _, err := In(t.Context(), look(t, into), FromLink("/etc/passwd"), "d/l", InOptions{}); code(err) != want {
			t.Errorf("%v, not %s", err, want)
		}
	}
	same(t, "made", lines(t, into), "d/", "d/l -> /etc/passwd")
	if _, err := In(t.Context(), look(t, into), FromLink("x"), "d/", InOptions{}); code(err) != BadRequest {
		t.Error(err)
	}
}

// What a program may have put in a new folder's place stays whose it is.
func TestAFolderThatWasNotMadeJustNowIsNotGivenAway(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"open": 0o755, "filled": 0o700, "new": 0o700} {
		must(t, os.Mkdir(dir+"/"+name, mode))
		must(t, os.Chmod(dir+"/"+name, mode))
	}
	must(t, os.Mkdir(dir+"/filled/x", 0o700))
	for name, want := range map[string]error{"open": ErrChanged, "filled": ErrChanged, "new": nil} {
		f, err := os.Open(dir + "/" + name)
		must(t, err)
		defer f.Close()
		if err := (ownership{exact: true}).giveFolder(f); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s: %v, not %v", name, err, want)
		}
	}
}
