package fsid

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestWhatIsMadeIsTheUsersAndByHisRights(t *testing.T) {
	const user = 65534
	dir, open := t.TempDir(), ""
	if os.Geteuid() == 0 {
		open = filepath.Join(dir, "open")
		if err := os.Mkdir(open, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(open, user, user); err != nil {
			t.Fatal(err)
		}
	}
	in := func(dir string) error {
		fd, err := unix.Open(dir, unix.O_PATH, 0) // the way there is the caller's
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		return As(user, user, func() error { return unix.Mkdirat(fd, "new", 0o755) })
	}
	want := error(unix.EACCES)
	if open == "" {
		want = unix.EPERM
	}
	if err := in(dir); !errors.Is(err, want) {
		t.Errorf("in a folder that is not his: %v, want %v", err, want)
	}
	if open == "" {
		return
	}
	if err := in(open); err != nil {
		t.Error(err)
	}
	var st unix.Stat_t
	if err := unix.Stat(open+"/new", &st); err != nil || st.Uid != user || st.Gid != user {
		t.Errorf("%v, owned by %d:%d", err, st.Uid, st.Gid)
	}
	if err := os.Mkdir(filepath.Join(dir, "after"), 0o700); err != nil {
		t.Errorf("the caller's own ids are not back: %v", err)
	}
}
