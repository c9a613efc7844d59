package disk

import (
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
