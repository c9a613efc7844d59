package safepath

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const stranger = 4242

// tree makes one of each thing that a path may be.
func tree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must(t, os.WriteFile(at("file"), []byte("old content"), 0o600))
	must(t, os.WriteFile(at("linked"), []byte("x"), 0o600))
	must(t, os.Link(at("linked"), at("linked2")))
	must(t, os.Mkdir(at("dir"), 0o755))
	must(t, unix.Mkfifo(at("fifo"), 0o600))
	must(t, os.Symlink("file", at("link")))
	must(t, os.Symlink("nothing", at("dangling")))
	must(t, os.Symlink("dir", at("dirlink")))
	must(t, os.Symlink("circle", at("circle")))
	must(t, os.WriteFile(at("dir/inner"), []byte("inner"), 0o600))
	l, err := net.Listen("unix", at("socket"))
	must(t, err)
	t.Cleanup(func() { l.Close() })
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// give hands a path, not what it links to, to another user.
func give(t *testing.T, path string) {
	t.Helper()
	if err := os.Lchown(path, stranger, stranger); errors.Is(err, unix.EPERM) {
		t.Skip("needs CAP_CHOWN to make another user's file")
	} else if err != nil {
		t.Fatal(err)
	}
}

func check(t *testing.T, f *os.File, err, want error) {
	t.Helper()
	if f != nil {
		defer f.Close()
	}
	if !errors.Is(err, want) || want == nil && err != nil {
		t.Fatalf("got %v, want %v", err, want)
	}
	var e *Error
	if err != nil && (!errors.As(err, &e) || e.Hint == "" || e.Object == "") {
		t.Errorf("%#v lacks its object or what to do", err)
	}
}

func TestOutputIsARegularFileOrNothing(t *testing.T) {
	for _, tc := range []struct {
		path string
		want error
	}{
		{"file", nil},
		{"new", nil},
		{"dir/new", nil},
		{"dir/../new2", nil},
		{"dirlink/new", nil},
		{"dir", Directory},
		{"dir/", Directory},
		{"new/", Directory},
		{".", Directory},
		{"dir/..", Directory},
		{"fifo", FIFO},
		{"socket", Socket},
		{"link", SymbolicLink},
		{"dangling", SymbolicLink},
		{"dirlink", SymbolicLink},
		{"linked", HardLink},
		{"circle/x", unix.ELOOP},
		{"missing/new", unix.ENOENT},
		{"file/new", unix.ENOTDIR},
		{strings.Repeat("n", 300), unix.ENAMETOOLONG},
	} {
		t.Run(tc.path[:min(len(tc.path), 20)], func(t *testing.T) {
			f, err := OpenOutput(tree(t)+"/"+tc.path, nil)
			check(t, f, err, tc.want)
		})
	}
	for _, tc := range []struct {
		path string
		want error
	}{
		{"/dev/null", nil},
		{"/dev/full", Device},
		{"/dev/zero", Device},
		{"/proc/self/fd/1", MagicLink},
		{"/proc/self/root/tmp/x", MagicLink},
		{"", unix.ENOENT},
		{"a\x00b", unix.EINVAL},
	} {
		t.Run(tc.path, func(t *testing.T) {
			f, err := OpenOutput(tc.path, nil)
			if f != nil {
				f.Close()
			}
			if !errors.Is(err, tc.want) || tc.want == nil && err != nil {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
		})
	}
}

func TestAFileThatIsKeptIsOnlyAdded(t *testing.T) {
	dir := tree(t)
	for name, want := range map[string]error{
		"file": nil, "new": nil, "dir/inner": nil, "dir": Directory, "fifo": FIFO, "socket": Socket, "link": SymbolicLink, "dangling": SymbolicLink,
		"linked": HardLink, "missing/new": unix.ENOENT,
	} {
		f, err := OpenKept(dir+"/"+name, nil)
		check(t, f, err, want)
	}
	for _, name := range []string{"/dev/null", "/dev/full"} {
		f, err := OpenKept(name, nil)
		check(t, f, err, Device)
	}
	if got, err := os.ReadFile(dir + "/file"); err != nil || string(got) != "old content" {
		t.Errorf("the content has become %q (%v)", got, err)
	}
	if st, err := os.Stat(dir + "/new"); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("a new one is %v (%v)", st.Mode(), err)
	}
}

func TestRelativeOutputIsMadeInTheWorkingFolder(t *testing.T) {
	t.Chdir(tree(t))
	for _, path := range []string{"new", "./new", "dir/new", "dirlink/../new"} {
		f, err := OpenOutput(path, nil)
		check(t, f, err, nil)
	}
	if _, err := os.Stat("new"); err != nil {
		t.Error(err)
	}
}

func TestOutputIsReplaced(t *testing.T) {
	path := tree(t) + "/file"
	f, err := OpenOutput(path, nil)
	must(t, err)
	_, err = f.WriteString("new")
	must(t, err)
	must(t, f.Close())
	if got, _ := os.ReadFile(path); string(got) != "new" {
		t.Errorf("holds %q, want new", got)
	}
}

// A caller may know of a link that it is his own, and yet not his to have made.
func TestALinkThatMayNotBeFollowedIsRefused(t *testing.T) {
	dir := tree(t)
	var asked []string
	no := func(folder string, _ *unix.Stat_t) bool {
		asked = append(asked, folder)
		return false
	}
	f, err := OpenOutput(dir+"/dirlink/new", no)
	check(t, f, err, LinkInReach)
	f, err = OpenInput(dir+"/dirlink/inner", no)
	check(t, f, err, LinkInReach)
	f, err = OpenInput(dir+"/link", no)
	check(t, f, err, LinkInReach)
	f, err = OpenInput(dir+"/file", no)
	check(t, f, err, nil)
	if want := []string{dir, dir, dir}; !slices.Equal(asked, want) {
		t.Errorf("asked of links in %q, want %q", asked, want)
	}
}

func TestRefusedFileKeepsItsContent(t *testing.T) {
	dir := tree(t)
	for _, path := range []string{"link", "linked"} {
		before, err := os.ReadFile(dir + "/" + path)
		must(t, err)
		if f, err := OpenOutput(dir+"/"+path, nil); err == nil {
			f.Close()
			t.Fatal("opened")
		}
		if after, _ := os.ReadFile(dir + "/" + path); string(after) != string(before) {
			t.Errorf("%s held %q, and now %q", path, before, after)
		}
	}
}

func TestDescriptorBlocksAndIsNotInherited(t *testing.T) {
	f, err := OpenOutput(t.TempDir()+"/new", nil)
	must(t, err)
	defer f.Close()
	status, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	must(t, err)
	cloexec, err := unix.FcntlInt(f.Fd(), unix.F_GETFD, 0)
	must(t, err)
	if status&unix.O_NONBLOCK != 0 || cloexec&unix.FD_CLOEXEC == 0 {
		t.Errorf("flags %#x, %#x", status, cloexec)
	}
}

// With fs.protected_symlinks and fs.protected_regular off, as on many hosts,
// the kernel itself would let these pass.
func TestStrangersFileInASharedFolderIsRefused(t *testing.T) {
	dir := tree(t)
	give(t, dir+"/file")
	f, err := OpenOutput(dir+"/file", nil)
	check(t, f, err, nil) // the folder is ours alone: we let that file be there
	must(t, os.Chmod(dir, os.ModeSticky|0o777))
	f, err = OpenOutput(dir+"/file", nil)
	check(t, f, err, Foreign)
}

func TestStrangersLinkOnTheWayIsRefused(t *testing.T) {
	dir := tree(t)
	for _, open := range []func(string, Follow) (*os.File, error){OpenOutput, OpenInput} {
		f, err := open(dir+"/dirlink/inner", nil)
		check(t, f, err, nil)
	}
	give(t, dir+"/dirlink")
	for _, open := range []func(string, Follow) (*os.File, error){OpenOutput, OpenInput} {
		f, err := open(dir+"/dirlink/inner", nil)
		check(t, f, err, LinkOnWay)
	}
}

func TestLinkWhereAnyoneMayRenameIsRefused(t *testing.T) {
	dir := tree(t)
	must(t, os.Chmod(dir, 0o777))
	f, err := OpenOutput(dir+"/dirlink/new", nil)
	check(t, f, err, LinkOnWay)
	must(t, os.Chmod(dir, os.ModeSticky|0o777))
	f, err = OpenOutput(dir+"/dirlink/new", nil)
	check(t, f, err, nil)
}

func TestInputIsARegularFileOrNothing(t *testing.T) {
	for _, tc := range []struct {
		path, content string
		want          error
	}{
		{"file", "old content", nil},
		{"link", "old content", nil},
		{"linked", "x", nil},
		{"dirlink/inner", "inner", nil},
		{"dirlink/../link", "old content", nil},
		{"missing", "", unix.ENOENT},
		{"missing/x", "", unix.ENOENT},
		{"dangling", "", unix.ENOENT},
		{"circle", "", unix.ELOOP},
		{"dir", "", Directory},
		{"dirlink", "", Directory},
		{"fifo", "", FIFO},
		{"socket", "", Socket},
	} {
		t.Run(tc.path, func(t *testing.T) {
			f, err := OpenInput(tree(t)+"/"+tc.path, nil)
			if tc.want == nil && err == nil {
				if got, _ := io.ReadAll(f); string(got) != tc.content {
					t.Errorf("reads %q, want %q", got, tc.content)
				}
			}
			check(t, f, err, tc.want)
		})
	}
	f, err := OpenInput("/dev/null", nil)
	check(t, f, err, nil)
	f, err = OpenInput("/dev/zero", nil)
	check(t, f, err, Device)
}

func TestInputFromASharedFolderCannotBeAStolenFile(t *testing.T) {
	dir := tree(t)
	must(t, os.Chmod(dir, os.ModeSticky|0o777))
	f, err := OpenInput(dir+"/linked", nil)
	check(t, f, err, HardLink)
	give(t, dir+"/link")
	f, err = OpenInput(dir+"/link", nil)
	check(t, f, err, LinkOnWay)
}

func TestWalkAgreesWithOpenat2(t *testing.T) {
	dir := tree(t)
	for _, path := range []string{"file", "new", "dir/inner", "dir/../file", "dir/./new", "dir//inner", "fifo"} {
		fast, err := locate(dir+"/"+path, refuseLink, nil)
		must(t, err)
		slow, err := walk(dir+"/"+path, refuseLink, nil)
		must(t, err)
		if fast.name != slow.name || fast.folder.Ino != slow.folder.Ino || fast.st.Ino != slow.st.Ino || fast.exists != slow.exists {
			t.Errorf("%s: %+v is not %+v", path, fast, slow)
		}
		unix.Close(fast.dir)
		unix.Close(slow.dir)
	}
}

func TestNoDescriptorLeaks(t *testing.T) {
	dir := tree(t)
	count := func() int {
		names, err := os.ReadDir("/proc/self/fd")
		must(t, err)
		return len(names)
	}
	before := count()
	for _, path := range []string{"file", "link", "fifo", "socket", "dirlink/x", "circle", "missing/x", "dir", "linked", "dirlink/../../../x/y"} {
		for _, open := range []func(string, Follow) (*os.File, error){OpenOutput, OpenInput} {
			if f, err := open(dir+"/"+path, nil); err == nil {
				f.Close()
			}
		}
	}
	if after := count(); after != before {
		t.Errorf("%d descriptors, and then %d", before, after)
	}
}

func TestErrorSaysWhatItWasAndWhatToDo(t *testing.T) {
	dir := tree(t)
	must(t, os.Symlink("/etc/shadow", dir+"/trap"))
	for path, want := range map[string]string{
		"trap":      "open for writing " + dir + "/trap: is a symbolic link to /etc/shadow: name the file that it leads to",
		"fifo":      "open for writing " + dir + "/fifo: is a FIFO: let the shell open it (< or >): an open of one may wait for ever",
		"missing/x": "open for writing " + dir + "/missing/x: no such file or directory " + dir + "/missing: make its folder first",
		"missing/\x1b[2J": "open for writing \"" + dir + "/missing/\\x1b[2J\": no such file or directory " + dir +
			"/missing: make its folder first",
	} {
		_, err := OpenOutput(dir+"/"+path, nil)
		if err == nil || err.Error() != want {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

// A stranger swaps a file for a link to a secret as fast as he can.
func TestSwappedNameNeverReachesTheSecret(t *testing.T) {
	dir := t.TempDir()
	secret, name := dir+"/secret", dir+"/out"
	must(t, os.WriteFile(secret, []byte("secret"), 0o600))
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				os.Symlink(secret, dir+"/a")
				os.Rename(dir+"/a", name)
				os.WriteFile(dir+"/b", nil, 0o600)
				os.Rename(dir+"/b", name)
			}
		}
	}()
	for range 500 {
		if f, err := OpenOutput(name, nil); err == nil {
			f.WriteString("overwritten")
			f.Close()
		}
	}
	close(stop)
	<-done
	if got, _ := os.ReadFile(secret); string(got) != "secret" {
		t.Errorf("the secret holds %q", got)
	}
}
