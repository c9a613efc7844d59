package removal

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/jailrun/jail/test/racer"
	"golang.org/x/sys/unix"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A program can have made folders that no descriptors suffice for, and in which nobody
// may remove anything.
func TestAnyTreeCanBeRemoved(t *testing.T) {
	top := t.TempDir()
	dir, err := os.Open(top)
	must(t, err)
	defer dir.Close()
	at, err := unix.Dup(int(dir.Fd()))
	must(t, err)
	few(t)
	must(t, unix.Mkdirat(at, "x", 0o700))
	must(t, unix.Mkdirat(at, "x/.deep-1", 0o700)) // where the first would be moved to
	for range 3000 {
		if err := unix.Mkdirat(at, "x", 0o700); err != unix.EEXIST {
			must(t, err)
		}
		below, err := unix.Openat(at, "x", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		must(t, err)
		unix.Close(at)
		at = below
	}
	unix.Close(at)
	must(t, os.MkdirAll(top+"/x/closed/inner", 0o700))
	must(t, os.Chmod(top+"/x/closed/inner", 0))
	must(t, os.Chmod(top+"/x/closed", 0o500))
	must(t, os.Symlink("/etc", top+"/x/link"))
	must(t, At(int(dir.Fd()), "x"))
	if left, err := os.ReadDir(top); err != nil || len(left) > 0 {
		t.Errorf("%v (%v)", left, err)
	}
	must(t, At(int(dir.Fd()), "x"))
}

// few leaves the test fewer descriptors than the tree has folders in folders.
func few(t *testing.T) {
	t.Helper()
	var was unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &was))
	must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 256, Max: was.Max}))
	t.Cleanup(func() { must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &was)) })
}

// TestALinkThatIsSwappedInIsNotFollowed: a process of the tree's owner goes on.
func TestALinkThatIsSwappedInIsNotFollowed(t *testing.T) {
	d := t.TempDir()
	victim := d + "/victim"
	if err := os.WriteFile(victim, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Second); time.Now().Before(end); {
		if err := errors.Join(os.MkdirAll(d+"/tree/x", 0o755), os.Chmod(d+"/tree/x", 0), os.Symlink(victim, d+"/link")); err != nil {
			t.Fatal(err)
		}
		stop := racer.Swap(d+"/tree/x", d+"/link")
		_ = All(d + "/tree") // it may find no end
		stop()
		st, err := os.Stat(victim)
		if err != nil || st.Mode().Perm() != 0o644 {
			t.Fatalf("the file outside has mode %v (%v)", st.Mode(), err)
		}
		if err := errors.Join(All(d+"/tree"), All(d+"/link")); err != nil {
			t.Fatal(err)
		}
	}
}
