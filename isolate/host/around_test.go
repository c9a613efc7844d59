package host

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A filter that leaves a call alone is not taken for who refuses it, by the
// kernel's own answer to the question.
func TestAFilterIsBlamedForNoCallThatItAllows(t *testing.T) {
	a := &Around{Filter: true}
	for _, call := range []uint64{unix.SYS_CLONE, unix.SYS_CLONE3, unix.SYS_UNSHARE, unix.SYS_SETNS} {
		if refuses, certain := a.Refuses(call); refuses || !certain {
			t.Errorf("call %d: refused %v, certain %v", call, refuses, certain)
		}
	}
	if _, certain := a.Refuses(unix.SYS_SETHOSTNAME); certain {
		t.Error("a call that can't be asked about is certain")
	}
}

// The test runs itself with /proc covered, in namespaces that end with it.
func TestWhatCoversProcIsSeen(t *testing.T) {
	if os.Getenv("COVERED") != "" {
		a := LookAround()
		if len(a.Masks) != 1 || a.Masks[0] != "/proc/bus" || a.Chroot {
			t.Errorf("%+v", a)
		}
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("feature root: not run as root")
	}
	script := `mount -t tmpfs none /proc/bus && COVERED=1 exec "$0" -test.run='^TestWhatCoversProcIsSeen$'`
	out, err := exec.Command("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private", "sh", "-c", script, os.Args[0]).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "PASS") {
		t.Errorf("%v: %s", err, out)
	}
}
