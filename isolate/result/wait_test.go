package result

import (
	"os"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// endOf runs a shell script and tells its end in both of the kernel's forms.
func endOf(t *testing.T, script string) (unix.WaitStatus, *unix.Siginfo) {
	t.Helper()
	p, err := os.StartProcess("/bin/sh", []string{"sh", "-c", script}, &os.ProcAttr{})
	if err != nil {
		t.Fatal(err)
	}
	var info unix.Siginfo
	if err := unix.Waitid(unix.P_PID, p.Pid, &info, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	var ws unix.WaitStatus
	if _, err := unix.Wait4(p.Pid, &ws, 0, nil); err != nil {
		t.Fatal(err)
	}
	if err := p.Release(); err != nil {
		t.Fatal(err)
	}
	return ws, &info
}

// siStatus reads si_status, which lies after pid and uid: sigaction(2).
func siStatus(info *unix.Siginfo) int32 {
	const header, pid, uid = 16, 4, 4
	return *(*int32)(unsafe.Add(unsafe.Pointer(info), header+pid+uid))
}
