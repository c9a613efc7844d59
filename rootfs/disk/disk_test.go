package disk

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func disk(t *testing.T, o Options) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("feature root: not run as root, and only root may mount")
	}
	path := filepath.Join(t.TempDir(), "disk")
	must(t, Make(t.Context(), path, o))
	return path
}

func mounted(t *testing.T, path string) (*os.File, error) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	return Mount(t.Context(), f)
}

func within(root *os.File, name string) string {
	return "/proc/self/fd/" + strconv.Itoa(int(root.Fd())) + "/" + name
}

func TestWhatIsWrittenIsThereAtTheNextMountAndNoMoreThanTheDiskHolds(t *testing.T) {
	path := disk(t, Options{Bytes: 16 << 20, Inodes: 128})
	root, err := mounted(t, path)
	must(t, err)
	must(t, os.WriteFile(within(root, "a"), []byte("kept"), 0o600))
	err = os.WriteFile(within(root, "big"), make([]byte, 20<<20), 0o600)
	if !errors.Is(err, unix.ENOSPC) {
		t.Errorf("20 MiB on a disk of 16: %v", err)
	}
	must(t, os.Remove(within(root, "big")))
	for i := 0; ; i++ {
		if err = os.WriteFile(within(root, "f"+strconv.Itoa(i)), nil, 0o600); err != nil || i > 1000 {
			break
		}
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Errorf("more files than inodes: %v", err)
	}
	must(t, root.Close())
	root, err = mounted(t, path)
	must(t, err)
	defer root.Close()
	if b, err := os.ReadFile(within(root, "a")); err != nil || string(b) != "kept" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestWhatIsRemovedGivesItsRoomBack(t *testing.T) {
	path := disk(t, Options{Bytes: 64 << 20})
	used := func() int64 {
		t.Helper()
		var st unix.Stat_t
		must(t, unix.Stat(path, &st))
		return st.Blocks * 512
	}
	empty, most := used(), int64(0)
	for _, does := range []func(*os.File) error{
		func(root *os.File) error {
			return os.WriteFile(within(root, "big"), bytes.Repeat([]byte("x"), 20<<20), 0o600)
		},
		func(root *os.File) error { return os.Remove(within(root, "big")) },
	} {
		root, err := mounted(t, path)
		must(t, err)
		must(t, does(root))
		must(t, root.Close())
		again, err := mounted(t, path) // the kernel has let go of the first then
		must(t, err)
		most = max(most, used())
		must(t, again.Close())
	}
	if got := used(); most < 20<<20 || got > empty+2<<20 {
		t.Errorf("%d bytes are used at the end, %d when it was empty, %d in between", got, empty, most)
	}
}

func TestADiskHasOneUserAtATimeUntilTheKernelHasLetGo(t *testing.T) {
	path := disk(t, Options{Bytes: 16 << 20})
	root, err := mounted(t, path)
	must(t, err)
	copied, err := unix.OpenTree(int(root.Fd()), "", unix.OPEN_TREE_CLOEXEC|unix.AT_EMPTY_PATH)
	must(t, err)
	must(t, root.Close()) // another descriptor holds it still
	if _, err := mounted(t, path); !errors.Is(err, ErrInUse) {
		t.Errorf("a second user: %v", err)
	}
	must(t, unix.Close(copied))
	again, err := mounted(t, path)
	must(t, err)
	must(t, again.Close())
}

func TestWhatIsThereIsNotMadeAnew(t *testing.T) {
	path := disk(t, Options{Bytes: 16 << 20})
	if err := Make(t.Context(), path, Options{Bytes: 16 << 20}); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
}
