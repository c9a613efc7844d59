package exchange

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/internal/size"
	"golang.org/x/sys/unix"
)

func TestALimitIsAnErrorOrCuts(t *testing.T) {
	tree := look(t, grow(t, t.TempDir(), "a = 12345", "b = 12345", "c = 12345", "d/e/f/g = 1"))
	for _, tc := range []struct {
		name   string
		limits Limits
		code   Code
		whole  []string // what is there with the error
		cut    []string // and what is there if it may be cut
	}{
		{"bytes", Limits{Bytes: 7}, TooLarge, []string{"a = 12345"}, []string{"a = 12345", "b = 12"}},
		{"bytes to the last", Limits{Bytes: 10}, TooLarge, []string{"a = 12345", "b = 12345"}, []string{"a = 12345", "b = 12345"}},
		{"bytes of a file", Limits{FileBytes: 4}, TooLarge, nil, []string{"a = 1234", "b = 1234", "c = 1234", "d/", "d/e/", "d/e/f/", "d/e/f/g = 1"}},
		{"files", Limits{Files: 2}, TooMany, []string{"a = 12345", "b = 12345"}, []string{"a = 12345", "b = 12345"}},
		{"names", Limits{Names: 3}, TooMany, nil, nil},
		{"depth", Limits{Depth: 2}, TooMany, []string{"a = 12345", "b = 12345", "c = 12345", "d/", "d/e/"},
			[]string{"a = 12345", "b = 12345", "c = 12345", "d/", "d/e/"}},
		{"none is met", Limits{Bytes: 16, FileBytes: 5, Files: 7, Names: 7, Depth: 3}, "",
			[]string{"a = 12345", "b = 12345", "c = 12345", "d/", "d/e/", "d/e/f/", "d/e/f/g = 1"},
			[]string{"a = 12345", "b = 12345", "c = 12345", "d/", "d/e/", "d/e/f/", "d/e/f/g = 1"}},
	} {
		into := t.TempDir()
		_, err := Out(t.Context(), tree, ".", ToFolder(into, HostOptions{}), OutOptions{Limits: tc.limits})
		if code(err) != tc.code {
			t.Errorf("%s: %v, not %s", tc.name, err, tc.code)
		}
		same(t, tc.name, lines(t, into), tc.whole...)
		into, tc.limits.Cut = t.TempDir(), true
		r, err := Out(t.Context(), tree, ".", ToFolder(into, HostOptions{}), OutOptions{Limits: tc.limits})
		if err != nil || r.Truncated != (tc.code != "") {
			t.Errorf("%s: %v, truncated is %v", tc.name, err, r.Truncated)
		}
		if tc.name != "names" { // which three, the file system says
			same(t, tc.name+", cut", lines(t, into), tc.cut...)
		}
	}
}

func TestALimitBelowZeroIsAnError(t *testing.T) {
	for _, l := range []Limits{{Bytes: -1}, {FileBytes: -1}, {Files: -1}, {Names: -1}, {Depth: -1}} {
		if _, err := Out(t.Context(), look(t, t.TempDir()), ".", ToWriter(nil), OutOptions{Limits: l}); !errors.Is(err, ErrBadLimit) {
			t.Errorf("%+v: %v", l, err)
		}
	}
}

func TestLimitsHoldOnTheWayInToo(t *testing.T) {
	into := t.TempDir()
	for name, s := range map[string]Source{"bytes": FromBytes(make([]byte, 11)), "file": FromPath(grow(t, t.TempDir(), "f = 12345678901")+"/f", SourceOptions{})} {
		if _, err := In(t.Context(), look(t, into), s, name, InOptions{Limits: Limits{Bytes: 10}}); code(err) != TooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
	same(t, "nothing", lines(t, into))
	r, err := In(t.Context(), look(t, into), FromBytes([]byte("12345678901")), "cut", InOptions{Limits: Limits{Bytes: 10, Cut: true}})
	if err != nil || !r.Truncated || !r.Items[0].Truncated {
		t.Errorf("%+v, %v", r, err)
	}
	same(t, "cut", lines(t, into), "cut = 1234567890")
}

func TestAHoleIsKeptAndCounted(t *testing.T) {
	dir, into := t.TempDir(), t.TempDir()
	f, err := os.Create(dir + "/sparse")
	must(t, err)
	defer f.Close()
	for _, at := range []int64{1 << 20, 5<<20 + 3} {
		_, err = f.WriteAt([]byte("data"), at)
		must(t, err)
	}
	must(t, f.Truncate(64<<20))
	r, err := Out(t.Context(), look(t, dir), "sparse", ToFolder(into, HostOptions{}), OutOptions{})
	must(t, err)
	var from, to unix.Stat_t
	must(t, unix.Stat(dir+"/sparse", &from))
	must(t, unix.Stat(into+"/sparse", &to))
	if to.Size != from.Size || r.Bytes != from.Size || to.Blocks > from.Blocks+16 {
		t.Errorf("%d bytes in %d blocks, not %d in %d (%s)", to.Size, to.Blocks, from.Size, from.Blocks, r.Items[0].Means)
	}
	a, _ := os.ReadFile(dir + "/sparse")
	b, _ := os.ReadFile(into + "/sparse")
	if !bytes.Equal(a, b) {
		t.Error("the copy differs")
	}
	must(t, f.Truncate(1<<40))
	if _, err := Out(t.Context(), look(t, dir), "sparse", ToPath(into+"/huge", HostOptions{}), OutOptions{}); code(err) != TooLarge {
		t.Errorf("a terabyte of nothing: %v", err)
	}
	r, err = Out(t.Context(), look(t, dir), "sparse", ToPath(into+"/huge", HostOptions{}), OutOptions{Limits: Limits{Bytes: 256 * size.MiB, Cut: true}})
	must(t, err)
	if !r.Truncated || r.Bytes != 256<<20 {
		t.Errorf("cut: %+v", r)
	}
}

func TestTheContextEndsACopy(t *testing.T) {
	tree, into := look(t, grow(t, t.TempDir(), "f = x")), t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Out(ctx, tree, "f", ToFolder(into, HostOptions{}), OutOptions{}); code(err) != Stopped || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	limits := Limits{Bytes: size.TiB}
	if _, err := In(ctx, look(t, into), FromReader(endless{}), "f", InOptions{Limits: limits}); code(err) != Stopped {
		t.Error(err)
	}
	same(t, "nothing", lines(t, into))
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestAReportHoldsNoMoreThanItsRoom(t *testing.T) {
	tl, err := newTally(Limits{})
	must(t, err)
	name := strings.Repeat("n", 4000)
	for range 5000 {
		tl.add(Item{Path: name, Kind: File})
		tl.skip(name, ErrNotFile)
	}
	if kept := len(tl.report.Items) + len(tl.report.Skipped); kept*4000 > listed || kept+tl.report.Unlisted != 10000 || tl.report.Files != 5000 {
		t.Errorf("%d are listed, %d are not, %d are counted", kept, tl.report.Unlisted, tl.report.Files)
	}
}

func TestManyMatchesAndDeepNestingEnd(t *testing.T) {
	dir, into := t.TempDir(), t.TempDir()
	for i := range 3000 {
		must(t, os.WriteFile(dir+"/"+strconv.Itoa(i), nil, 0o600))
	}
	r, err := Out(t.Context(), look(t, dir), "*", ToFolder(into, HostOptions{}), OutOptions{})
	if err != nil || r.Files != 3000 {
		t.Errorf("%d files, %v", r.Files, err)
	}
	deep := nest(t, 3000)
	start := time.Now()
	pattern := strings.Repeat("**/a*/", 20) + "x"
	if _, err := Out(t.Context(), deep, pattern, ToFolder(into, HostOptions{}), OutOptions{}); code(err) != TooMany {
		t.Error(err)
	}
	if _, err := Out(t.Context(), deep, ".", ToFolder(into, HostOptions{}), OutOptions{Limits: Limits{Depth: 500}}); code(err) != TooMany {
		t.Error(err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("it took %v", d)
	}
}

// nest makes folders in each other, deeper than any path goes.
func nest(t *testing.T, depth int) *os.File {
	t.Helper()
	tree := look(t, t.TempDir())
	at, err := unix.Dup(int(tree.Fd()))
	must(t, err)
	for range depth {
		must(t, unix.Mkdirat(at, "a", 0o755))
		next, err := unix.Openat(at, "a", unix.O_PATH|unix.O_DIRECTORY, 0)
		must(t, err)
		unix.Close(at)
		at = next
	}
	unix.Close(at)
	return tree
}
