package isolate

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

func TestWritableBindShowsTheCallersFilesAsItsOwn(t *testing.T) {
	dir := t.TempDir()
	if err := idmap(t, dir); err != nil && os.Geteuid() == 0 {
		t.Skip("needs idmapped mounts of this file system (Linux 5.12; tmpfs 6.3): ", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(dir, "in.txt")
	if err := os.WriteFile(secret, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &policy.Policy{Files: []policy.File{{Kind: policy.FileRW, Source: dir, Target: "/work"}}}
	c := Command(p, "sh", "-c", "cat /work/in.txt && echo out > /work/out.txt && stat -c %u /work/out.txt")
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil || strings.TrimSpace(string(out)) != "hello1000" {
		t.Fatalf("%q %v %s", out, err, errs.String())
	}
	st, err := os.Stat(filepath.Join(dir, "out.txt"))
	if err != nil || st.Size() != 4 {
		t.Fatal(st, err)
	}
}

// idmap tries to show a folder under the owners of another user namespace.
func idmap(t *testing.T, dir string) error {
	t.Helper()
	c := exec.CommandContext(t.Context(), "sleep", "60")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER, UidMappings: []syscall.SysProcIDMap{{Size: 1}}, GidMappings: []syscall.SysProcIDMap{{Size: 1}}}
	if err := c.Start(); err != nil {
		return err
	}
	defer func() { _, _ = c.Process.Kill(), c.Wait() }()
	ns, err := os.Open("/proc/" + strconv.Itoa(c.Process.Pid) + "/ns/user")
	if err != nil {
		return err
	}
	defer ns.Close()
	tree, err := unix.OpenTree(unix.AT_FDCWD, dir, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return err
	}
	defer unix.Close(tree)
	return unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(ns.Fd())})
}
