package safepath

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAPlaceIsFoundThroughLinksThatMayBeTrusted(t *testing.T) {
	dir := tree(t)
	must(t, os.Symlink("..", dir+"/dir/up"))
	must(t, os.Symlink("dir/", dir+"/slash"))
	must(t, os.Symlink("/", dir+"/root"))
	for name, want := range map[string]string{
		"file": "file", "dir": "dir", "fifo": "fifo", "socket": "socket", "": "", ".": "", "dir/..": "",
		"link": "file", "dirlink": "dir", "dirlink/inner": "dir/inner", "dir/up": "", "dir/up/file": "file", "slash": "dir", "slash/inner": "dir/inner",
	} {
		f, err := Find(dir+"/"+name, nil)
		check(t, f, err, nil)
		var got, st unix.Stat_t
		must(t, unix.Lstat(filepath.Join(dir, want), &st))
		f, err = Find(dir+"/"+name, nil)
		must(t, err)
		must(t, unix.Fstat(int(f.Fd()), &got))
		f.Close()
		if got.Ino != st.Ino || got.Dev != st.Dev {
			t.Errorf("%q is not %q", name, want)
		}
	}
	for _, name := range []string{"/", dir + "/root"} {
		f, err := Find(name, nil)
		check(t, f, err, nil)
	}
	for name, want := range map[string]error{
		"absent": unix.ENOENT, "absent/x": unix.ENOENT, "dangling": unix.ENOENT, "circle": unix.ELOOP, "file/x": unix.ENOTDIR,
	} {
		f, err := Find(dir+"/"+name, nil)
		check(t, f, err, want)
	}
	f, err := Find("/proc/self/cwd", nil)
	check(t, f, err, MagicLink)
}

func TestAStrangersLinkIsNeverFollowed(t *testing.T) {
	dir := tree(t)
	give(t, dir+"/link")
	give(t, dir+"/dirlink")
	for _, name := range []string{"link", "dirlink", "dirlink/inner"} {
		f, err := Find(dir+"/"+name, func(string, *unix.Stat_t) bool { return true })
		check(t, f, err, LinkOnWay)
	}
}

func TestEachLinkIsAskedForByItsRealFolder(t *testing.T) {
	dir := tree(t)
	must(t, os.Symlink("../link", dir+"/dir/back"))
	var asked []string
	f, err := Find(dir+"/dirlink/back", func(folder string, st *unix.Stat_t) bool {
		asked = append(asked, folder)
		return st.Mode&unix.S_IFMT == unix.S_IFDIR
	})
	check(t, f, err, nil)
	if len(asked) != 3 || asked[0] != dir || asked[1] != dir+"/dir" || asked[2] != dir {
		t.Errorf("asked for links in %v", asked)
	}
	f, err = Find(dir+"/dirlink", func(string, *unix.Stat_t) bool { return false })
	check(t, f, err, LinkInReach)
}
