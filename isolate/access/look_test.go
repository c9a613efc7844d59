package access

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// apart runs a test in a mount namespace of its own, and says whether this is the
// process there.
func apart(t *testing.T) bool {
	t.Helper()
	const apartVar = "JAIL_TEST_ACCESS_APART"
	if os.Getenv(apartVar) != "" {
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			t.Fatal(err)
		}
		return true
	}
	c := exec.Command("/proc/self/exe", "-test.run", "^"+t.Name()+"$", "-test.v")
	c.Env = append(os.Environ(), apartVar+"=1")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS}
	out, err := c.CombinedOutput()
	if os.Geteuid() != 0 || err != nil && c.Process == nil {
		t.Skip("needs CAP_SYS_ADMIN for a mount namespace of its own")
	}
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
	return false
}

// silent mounts a file system whose server never answers.
func silent(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	server, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skip("needs FUSE: ", err)
	}
	t.Cleanup(func() { unix.Close(server) })
	if err := unix.Mount("silent", dir, "fuse", 0, "rootmode=40000,user_id=0,group_id=0,fd="+strconv.Itoa(server)); err != nil {
		t.Skip("needs FUSE: ", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

// A program names a file of a server that is dead: it may not hold the loop, which
// its limits depend on.
func TestALookEndsWhereAFileServerDoesNotAnswer(t *testing.T) {
	if !apart(t) {
		return
	}
	dead := silent(t)
	for _, root := range []bool{false, true} {
		l, err := NewLooker(os.Getpid(), root, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		if a, ok := l.Look(os.Getpid(), Want{Dir: unix.AT_FDCWD, Path: "/etc/passwd", Intent: Read}); !ok || a.Errno != 0 || l.Late() != nil {
			t.Errorf("%+v, %t, %v", a, ok, l.Late())
		}
		began := time.Now()
		for range 3 {
			if a, ok := l.Look(os.Getpid(), Want{Dir: unix.AT_FDCWD, Path: dead + "/x", Intent: Read}); ok {
				t.Errorf("found %+v", a)
			}
		}
		if d := time.Since(began); d > 2*time.Second || l.Late() != ErrLate {
			t.Errorf("held up for %v, %v", d, l.Late())
		}
		l.Close()
	}
}

// A name below an automounter's folder is a server that would be asked.
func TestNothingIsMountedForAName(t *testing.T) {
	if !apart(t) {
		return
	}
	dir, asked := t.TempDir(), make(chan bool, 1)
	daemon, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer daemon.Close()
	defer pipe.Close()
	// A group of nobody's: no process of ours is taken for the daemon, whose names pass.
	o := "minproto=5,maxproto=5,indirect,pgrp=1,fd=" + strconv.Itoa(int(pipe.Fd()))
	if err := unix.Mount("auto", dir, "autofs", 0, o); err != nil {
		t.Skip("needs autofs: ", err)
	}
	go func() {
		n, _ := daemon.Read(make([]byte, 1))
		asked <- n > 0
	}()
	if at := onHost(filepath.Join(dir, "server.example/x")); at != "" {
		t.Errorf("found %s", at)
	}
	select {
	case <-asked:
		t.Error("the automounter was asked")
	case <-time.After(50 * time.Millisecond):
	}
	_ = unix.Unmount(dir, unix.MNT_DETACH)
}

func TestTheHostsFileIsFoundByEachName(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.MkdirAll(dir+"/a/b", 0o755), os.WriteFile(dir+"/a/b/f", nil, 0o600),
		os.Symlink("b/f", dir+"/a/relative"), os.Symlink(dir+"/a", dir+"/absolute"), os.Symlink("loop", dir+"/loop"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"/": "/", "/a/b/f": "/a/b/f", "/a/./b//f": "/a/b/f", "/a/relative": "/a/b/f", "/absolute/b/../relative": "/a/b/f",
		"/absolute/b/": "/a/b", "/a/b/f/x": "", "/none": "", "/loop": "",
	} {
		if want != "" {
			want = filepath.Clean(dir + want)
		}
		if at := onHost(dir + name); at != want {
			t.Errorf("%s: %q, want %q", name, at, want)
		}
	}
}
