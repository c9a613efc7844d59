package safepath

import (
	"errors"
	"os"
	"testing"

	"github.com/jailrun/jail/test/apart"
	"golang.org/x/sys/unix"
)

func TestBeneathFollowsNothingOut(t *testing.T) {
	for _, tc := range []struct {
		path  string
		flags int
		want  error
	}{
		{"file", unix.O_RDONLY, nil},
		{"dir/inner", unix.O_RDWR, nil},
		{"./dir//inner", unix.O_RDONLY, nil},
		{"new", unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL, nil},
		{"file", unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL, unix.EEXIST},
		{"dir", unix.O_RDONLY | unix.O_DIRECTORY, nil},
		{".", unix.O_RDONLY | unix.O_DIRECTORY, nil},
		{"fifo", unix.O_PATH, nil},
		{"dir", unix.O_RDONLY, Directory},
		{"dir", unix.O_WRONLY, Directory},
		{"link", unix.O_RDONLY, SymbolicLink},
		{"link", unix.O_PATH, SymbolicLink},
		{"dirlink/inner", unix.O_RDONLY, SymbolicLink},
		{"fifo", unix.O_RDONLY, FIFO},
		{"fifo", unix.O_WRONLY, FIFO},
		{"fifo", unix.O_RDWR, FIFO},
		{"socket", unix.O_RDONLY, Socket},
		{"../x", unix.O_RDONLY, Outside},
		{"/etc/passwd", unix.O_RDONLY, Outside},
		{"dir/../../x", unix.O_RDONLY, Outside},
		{"missing", unix.O_RDONLY, unix.ENOENT},
		{"missing/x", unix.O_RDONLY, unix.ENOENT},
		{"file/x", unix.O_RDONLY, unix.ENOTDIR},
		{"", unix.O_RDONLY, unix.ENOENT},
	} {
		t.Run(tc.path, func(t *testing.T) {
			dir, err := os.Open(tree(t))
			must(t, err)
			defer dir.Close()
			f, err := Beneath(int(dir.Fd()), tc.path, tc.flags)
			if f != nil {
				f.Close()
			}
			if !errors.Is(err, tc.want) || tc.want == nil && err != nil {
				t.Errorf("openat2: got %v, want %v", err, tc.want)
			}
			if tc.want == nil && tc.flags&unix.O_CREAT != 0 {
				must(t, os.Remove(dir.Name()+"/"+tc.path))
			}
			if err := stepwise(int(dir.Fd()), tc.path, tc.flags); !errors.Is(err, tc.want) || tc.want == nil && err != nil {
				t.Errorf("name by name: got %v, want %v", err, tc.want)
			}
		})
	}
}

// stepwise is Beneath on a kernel without openat2.
func stepwise(dirfd int, path string, flags int) error {
	var quick int
	if flags&unix.O_PATH == 0 {
		quick = unix.O_NONBLOCK | unix.O_NOCTTY
	}
	fd, err := stepBeneath(dirfd, path, flags|quick|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return refine(dirfd, path, err)
	}
	defer unix.Close(fd)
	return settle(fd, flags)
}

func TestBeneathTruncatesOnlyWhatItMayOpen(t *testing.T) {
	dir, err := os.Open(tree(t))
	must(t, err)
	defer dir.Close()
	if _, err := Beneath(int(dir.Fd()), "link", unix.O_WRONLY|unix.O_TRUNC); !errors.Is(err, SymbolicLink) {
		t.Error(err)
	}
	f, err := Beneath(int(dir.Fd()), "dir/inner", unix.O_WRONLY|unix.O_TRUNC)
	must(t, err)
	f.Close()
	for path, want := range map[string]int64{"file": 11, "dir/inner": 0} {
		if st, err := os.Stat(dir.Name() + "/" + path); err != nil || st.Size() != want {
			t.Errorf("%s: %d bytes, want %d (%v)", path, st.Size(), want, err)
		}
	}
}

func TestBeneathMountEntersNoOtherMount(t *testing.T) {
	apart.Run(t, func(string) {
		dir := tree(t)
		must(t, os.Mkdir(dir+"/mount", 0o755))
		must(t, os.Mkdir(dir+"/bound", 0o755))
		must(t, unix.Mount("tmpfs", dir+"/mount", "tmpfs", 0, ""))
		must(t, unix.Mount(dir+"/dir", dir+"/bound", "", unix.MS_BIND, ""))
		must(t, os.WriteFile(dir+"/mount/f", nil, 0o600))
		for path, want := range map[string]error{
			"file": nil, "dir/inner": nil, "mount/f": OtherMount, "bound/inner": OtherMount, "../x": Outside, "link": SymbolicLink,
		} {
			checkMount(t, dir, path, want)
		}
		must(t, unix.Unmount(dir+"/mount", 0))
		must(t, unix.Unmount(dir+"/bound", 0))
	})
}

func checkMount(t *testing.T, dir, path string, want error) {
	t.Helper()
	d, err := os.Open(dir)
	must(t, err)
	defer d.Close()
	f, err := BeneathMount(int(d.Fd()), path, unix.O_RDONLY)
	if f != nil {
		f.Close()
	}
	if !errors.Is(err, want) || want == nil && err != nil {
		t.Errorf("%s: openat2: %v, not %v", path, err, want)
	}
	if want == Outside || want == SymbolicLink {
		return
	}
	fd, err := withoutOpenat2(int(d.Fd()), path, &unix.OpenHow{Flags: unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_XDEV})
	if err == nil {
		unix.Close(fd)
	}
	if !errors.Is(err, want) || want == nil && err != nil {
		t.Errorf("%s: name by name: %v, not %v", path, err, want)
	}
}
