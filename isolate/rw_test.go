package isolate

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

func TestWritableBindShowsTheCallersFilesAsItsOwn(t *testing.T) {
	if err := unix.MountSetattr(-1, "", unix.AT_EMPTY_PATH, &unix.MountAttr{}); err == unix.ENOSYS && os.Geteuid() == 0 {
		t.Skip("needs mount_setattr (Linux 5.12) to show root's files as the program's own")
	}
	dir := t.TempDir()
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
