package cache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/rootfs/digest"
	"golang.org/x/sys/unix"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const folderVar = "JAIL_TEST_CACHE"

// TestMain is also a process that puts files for ever, until it is killed.
func TestMain(m *testing.M) {
	if path := os.Getenv(folderVar); path != "" {
		putForEver(path)
	}
	os.Exit(m.Run())
}

func putForEver(path string) {
	s, err := Open(context.Background(), path, small)
	for i := 0; err == nil; i++ {
		if _, _, err = s.Put(context.Background(), bytes.NewReader(bytes.Repeat([]byte{byte(rand.Uint())}, rand.IntN(5000))), Limits{}); i == 0 {
			fmt.Println("begun")
		}
	}
	fmt.Println(err)
	os.Exit(1)
}

var small = Options{Bytes: 50_000, FileBytes: 10_000, Files: 20}

func open(t *testing.T, path string, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, o)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func put(t *testing.T, s *Store, content string) digest.Digest {
	t.Helper()
	d, n, err := s.Put(t.Context(), strings.NewReader(content), Limits{})
	must(t, err)
	if n != size.Bytes(len(content)) {
		t.Errorf("%d bytes are put, not %d", n, len(content))
	}
	return d
}

func read(t *testing.T, s *Store, d digest.Digest) string {
	t.Helper()
	f, err := s.Open(d)
	must(t, err)
	defer f.Close()
	b, err := io.ReadAll(f)
	must(t, err)
	return string(b)
}

// unused makes a file one that was last used so long ago.
func unused(t *testing.T, s *Store, d digest.Digest, ago time.Duration) {
	t.Helper()
	at := time.Now().Add(-ago)
	must(t, os.Chtimes(s.dirPath()+"/"+d.Hex(), at, at))
}

func (s *Store) dirPath() string { return fmt.Sprintf("/proc/self/fd/%d", s.dir.Fd()) }

func TestAFileIsKeptByItsContent(t *testing.T) {
	path := t.TempDir() + "/cache"
	s := open(t, path, Options{})
	d := put(t, s, "hello")
	if d.String() != "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" {
		t.Error(d)
	}
	if again := put(t, s, "hello"); again != d {
		t.Error(again)
	}
	other := open(t, path, Options{})
	if got := read(t, other, d); got != "hello" {
		t.Errorf("%q", got)
	}
	f, err := other.Open(d)
	must(t, err)
	defer f.Close()
	var st unix.Stat_t
	must(t, unix.Fstat(int(f.Fd()), &st))
	if _, err := f.Write([]byte("x")); st.Mode&0o777 != 0o444 || err == nil {
		t.Errorf("mode %o, a write is %v", st.Mode, err)
	}
	all, err := other.List(t.Context())
	if err != nil || len(all) != 1 || all[0].Digest != d || all[0].Bytes != 5 {
		t.Errorf("%v, %v", all, err)
	}
}

func TestWhatIsNotThereIsSaid(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	d := digest.Of(nil)
	_, opened := s.Open(d)
	for _, err := range []error{opened, s.Remove(t.Context(), d), s.Verify(t.Context(), d)} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%v", err)
		}
	}
}

func TestNothingIsKeptOfWhatCannotBePut(t *testing.T) {
	s := open(t, t.TempDir(), Options{Bytes: 100, FileBytes: 10})
	broken := errors.New("broken")
	ended, end := context.WithCancel(t.Context())
	end()
	for _, tc := range []struct {
		ctx  context.Context
		r    io.Reader
		l    Limits
		want error
	}{
		{t.Context(), strings.NewReader("12345678901"), Limits{}, ErrTooLarge},
		{t.Context(), strings.NewReader("123456"), Limits{5}, ErrTooLarge},
		{t.Context(), strings.NewReader("12345678901"), Limits{50}, ErrTooLarge},
		{t.Context(), iotest.ErrReader(broken), Limits{}, broken},
		{ended, strings.NewReader("1"), Limits{}, context.Canceled},
		{t.Context(), strings.NewReader("1"), Limits{-1}, ErrBadLimit},
	} {
		if _, _, err := s.Put(tc.ctx, tc.r, tc.l); !errors.Is(err, tc.want) {
			t.Errorf("%v, not %v", err, tc.want)
		}
	}
	put(t, s, "1234567890")
	if all, err := s.List(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%v, %v", all, err)
	}
}

func TestTheLeastRecentlyUsedGoesFirst(t *testing.T) {
	s := open(t, t.TempDir(), Options{Bytes: 30})
	a, b, c := put(t, s, "a123456789"), put(t, s, "b123456789"), put(t, s, "c123456789")
	unused(t, s, a, 3*time.Hour)
	unused(t, s, b, 2*time.Hour)
	unused(t, s, c, time.Hour)
	opened, err := s.Open(b)
	must(t, err)
	defer opened.Close()
	if got := read(t, s, a); got != "a123456789" {
		t.Error(got)
	}
	d := put(t, s, "d")
	for digest, want := range map[digest.Digest]error{a: nil, b: nil, c: ErrNotFound, d: nil} {
		if _, err := s.Open(digest); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s: %v, not %v", digest, err, want)
		}
	}
	must(t, s.Remove(t.Context(), b))
	if got, err := io.ReadAll(opened); err != nil || string(got) != "b123456789" {
		t.Errorf("what was open reads %q, %v", got, err)
	}
}

func TestEvictionGoesByAgeAndBytes(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	old, middle, young := put(t, s, "old"), put(t, s, "middle"), put(t, s, "young")
	unused(t, s, old, 3*time.Hour)
	unused(t, s, middle, 2*time.Hour)
	var none digest.Digest
	for _, tc := range []struct {
		e    Eviction
		want digest.Digest
	}{{Eviction{Age: 4 * time.Hour}, none}, {Eviction{Age: 150 * time.Minute}, old}, {Eviction{Bytes: 11}, none}, {Eviction{Bytes: 10}, middle}, {Eviction{}, none}} {
		gone, err := s.Evict(t.Context(), tc.e)
		must(t, err)
		if len(gone) > 1 || (len(gone) == 1) != (tc.want != none) || len(gone) == 1 && gone[0].Digest != tc.want {
			t.Errorf("%+v: %v", tc.e, gone)
		}
	}
	if got := read(t, s, young); got != "young" {
		t.Error(got)
	}
	if left, err := s.total(); err != nil || left != (total{5, 1}) {
		t.Errorf("%v, %v", left, err)
	}
}

func TestWhatRottedIsFoundAndRemoved(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	good, bad := put(t, s, "good"), put(t, s, "bad")
	name := bad.Hex()
	must(t, os.Chmod(s.dirPath()+"/"+name, 0o600))
	must(t, os.WriteFile(s.dirPath()+"/"+name, []byte("rot"), 0o600))
	must(t, s.Verify(t.Context(), good))
	if err := s.Verify(t.Context(), bad); !errors.Is(err, ErrCorrupt) {
		t.Error(err)
	}
	if _, err := s.Open(bad); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

func TestAFolderThatOthersMayWriteToIsRefused(t *testing.T) {
	path := t.TempDir()
	must(t, os.Chmod(path, 0o777))
	if _, err := Open(t.Context(), path, Options{}); !errors.Is(err, ErrShared) {
		t.Error(err)
	}
	if _, err := Open(t.Context(), path+"/x", Options{Bytes: -1}); !errors.Is(err, ErrBadLimit) {
		t.Error(err)
	}
	if _, err := Open(t.Context(), path+"/x/y", Options{}); !errors.Is(err, unix.ENOENT) {
		t.Error(err)
	}
}

func TestManyPutAtOnceAndTheBoundHolds(t *testing.T) {
	s := open(t, t.TempDir(), small)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				content := bytes.Repeat([]byte{byte(rand.Uint())}, rand.IntN(5000))
				if _, _, err := s.Put(t.Context(), bytes.NewReader(content), Limits{}); err != nil {
					t.Error(err)
				}
				checkBound(t, s)
			}
		})
	}
	all.Wait()
	counted, err := s.total()
	must(t, err)
	must(t, s.locked(t.Context(), s.recount))
	if exact, err := s.total(); err != nil || exact != counted {
		t.Errorf("counted %v, and there are %v (%v)", counted, exact, err)
	}
}

func checkBound(t *testing.T, s *Store) {
	t.Helper()
	list, err := s.List(t.Context())
	if err != nil {
		t.Error(err)
	}
	var sum size.Bytes
	for _, e := range list {
		sum += e.Bytes
	}
	// A list that is made while others put may have both what went and what came.
	if sum > 2*small.Bytes || len(list) > 2*small.Files {
		t.Errorf("%d bytes in %d files", sum, len(list))
	}
}

func TestAKilledProcessLeavesOnlyWholeFiles(t *testing.T) {
	path := t.TempDir()
	s := open(t, path, small)
	for range 10 {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), folderVar+"="+path)
		begun, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		_, err = begun.Read(make([]byte, 1))
		must(t, err)
		for range rand.IntN(5) {
			put(t, s, "mine")
		}
		must(t, cmd.Process.Kill())
		_ = cmd.Wait()
		list, err := s.List(t.Context())
		must(t, err)
		for _, e := range list {
			must(t, s.Verify(t.Context(), e.Digest))
		}
		names, err := os.ReadDir(s.dirPath())
		must(t, err)
		if len(names) != len(list) {
			t.Errorf("%d files, of which %d are whole", len(names), len(list))
		}
		counted, err := s.total()
		must(t, err)
		if int(counted.files) < len(list) || counted.bytes > int64(small.Bytes) {
			t.Errorf("%v are counted, %d are there", counted, len(list))
		}
	}
}
