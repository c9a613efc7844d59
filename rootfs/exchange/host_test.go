package exchange

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/test/apart"
	"golang.org/x/sys/unix"
)

const stranger = 4242

func TestAFullHostIsAnErrorAndHasNoHalfFile(t *testing.T) {
	apart.Run(t, func(dir string) {
		must(t, unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"))
		defer unix.Unmount(dir, unix.MNT_DETACH)
		tree := look(t, grow(t, t.TempDir(), "a = small", "large = "+strings.Repeat("x", 2<<20), "z = small"))
		r, err := Out(t.Context(), tree, ".", ToFolder(dir, HostOptions{}), OutOptions{})
		if code(err) != CopyFailed || !errors.Is(err, unix.ENOSPC) || r.Files != 1 {
			t.Errorf("%v, %d files", err, r.Files)
		}
		same(t, "a full host", lines(t, dir), "a = small")
		if _, err := In(t.Context(), look(t, dir), FromBytes(make([]byte, 2<<20)), "d/f", InOptions{}); !errors.Is(err, unix.ENOSPC) {
			t.Error(err)
		}
		same(t, "a full tree", lines(t, dir), "a = small", "d/")
	})
}

func TestAMountBelowIsEnteredUnlessToldOtherwise(t *testing.T) {
	apart.Run(t, func(dir string) {
		grow(t, dir, "mount/", "bound/", "dir/f = 1", "dir/sub/")
		for _, m := range []struct{ from, at, kind string }{{"tmpfs", "mount", "tmpfs"}, {dir + "/dir", "bound", ""}} {
			must(t, unix.Mount(m.from, dir+"/"+m.at, m.kind, map[string]uintptr{"": unix.MS_BIND}[m.kind], ""))
			defer unix.Unmount(dir+"/"+m.at, unix.MNT_DETACH)
		}
		grow(t, dir, "mount/m = 2")
		for one, want := range map[bool][]string{
			false: {"bound/", "bound/f = 1", "bound/sub/", "dir/", "dir/f = 1", "dir/sub/", "mount/", "mount/m = 2"},
			true:  {"dir/", "dir/f = 1", "dir/sub/"},
		} {
			into := t.TempDir()
			_, err := Out(t.Context(), look(t, dir), ".", ToFolder(into, HostOptions{}), OutOptions{OneMount: one})
			must(t, err)
			same(t, "one mount: "+strconv.FormatBool(one), lines(t, into), want...)
		}
		if _, err := Out(t.Context(), look(t, dir), "mount/m", ToWriter(&bytes.Buffer{}), OutOptions{OneMount: true}); !errors.Is(err, safepath.OtherMount) {
			t.Error(err)
		}
		if _, err := In(t.Context(), look(t, dir), FromBytes(nil), "mount/new", InOptions{OneMount: true}); !errors.Is(err, safepath.OtherMount) {
			t.Error(err)
		}
	})
}

func TestWhatAStrangerLeftInASharedFolderIsNotWrittenThrough(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("feature root: not run as root, which gives files away")
	}
	shared, elsewhere := t.TempDir(), t.TempDir()
	grow(t, shared, "link -> "+elsewhere, "dir/", "file -> "+elsewhere+"/made")
	must(t, os.Chmod(shared, os.ModeSticky|0o777))
	for _, name := range []string{"link", "dir", "file"} {
		must(t, os.Lchown(shared+"/"+name, stranger, stranger))
	}
	before := lines(t, shared)
	tree := look(t, grow(t, t.TempDir(), "link/f = 1", "dir/f = 1", "file = 1"))
	for _, replace := range []bool{false, true} {
		o := HostOptions{Replace: replace}
		for from, want := range map[string]Code{"link": FolderFailed, "dir": FolderFailed, "file": CreateFailed} {
			for _, to := range []Sink{ToFolder(shared, o), ToPath(shared+"/"+from, o)} {
				if _, err := Out(t.Context(), tree, from, to, OutOptions{}); code(err) != want {
					t.Errorf("%s: %v, not %s", from, err, want)
				}
			}
		}
		if _, err := Out(t.Context(), tree, "file", ToFolder(shared+"/link", o), OutOptions{}); !errors.Is(err, safepath.LinkOnWay) {
			t.Error(err)
		}
	}
	same(t, "the shared folder", lines(t, shared), before...)
	same(t, "elsewhere", lines(t, elsewhere))
}

func TestAMillionNamesEndTheWalk(t *testing.T) {
	apart.Run(t, func(dir string) {
		must(t, unix.Mount("tmpfs", dir, "tmpfs", 0, "nr_inodes=0"))
		defer unix.Unmount(dir, unix.MNT_DETACH)
		must(t, os.WriteFile(dir+"/n", nil, 0o600))
		d := look(t, dir)
		for i := range 1_000_000 {
			must(t, unix.Linkat(int(d.Fd()), "n", int(d.Fd()), strconv.Itoa(i), 0))
		}
		if _, err := Out(t.Context(), d, ".", ToFolder(t.TempDir(), HostOptions{}), OutOptions{}); code(err) != TooMany {
			t.Error(err)
		}
		r, err := Out(t.Context(), d, "**/none", ToFolder(t.TempDir(), HostOptions{}), OutOptions{Limits: Limits{Cut: true}})
		if code(err) != NotFound || !r.Truncated {
			t.Errorf("%v, truncated is %v", err, r.Truncated)
		}
	})
}
