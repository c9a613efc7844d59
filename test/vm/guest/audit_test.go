//go:build guest

package guest

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"unsafe"

	"github.com/jailrun/jail/isolate"
	"golang.org/x/sys/unix"
)

// Types of audit messages (linux/audit.h).
const (
	auditSet            = 1001
	auditUserEnd        = 1199 // of those that user space may send, the last
	auditLandlockAccess = 1423
	groupReadLog        = 1
)

// Landlock writes an audit record of what it refuses from ABI 7 on, but not of
// what a program does that was executed after the domain was made, unless
// LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON asks for it (landlock(7)). So of a jail
// there is one record: the target's own probe, by which it reads back that the
// domain is in force. The guest's audit is on for this test alone.
func TestAuditHasWhatLandlockRefuses(t *testing.T) {
	log := openLog(t)
	defer log.enable(t, 0)
	log.enable(t, 1)

	if got := outside(t, "restricted /etc/passwd"); got != "EACCES" && landlock() > 0 {
		t.Fatalf("a domain without a rule lets its maker read: %s", got)
	}
	own := log.until(t, "own")
	if want := landlock() >= 7; (own > 0) != want {
		t.Errorf("%d records of a refusal, with Landlock ABI %d", own, landlock())
	}
	runs := 0
	for _, script := range []string{"true", "echo x >/proc/self/comm; cat /proc/self/comm"} {
		if err := isolate.Command(nil, "sh", "-c", script).Run(); err != nil {
			t.Fatal(err)
		}
		runs = log.until(t, script)
		if want := min(own, 1); runs != want {
			t.Errorf("%q: %d records, want %d, of the jail's own probe", script, runs, want)
		}
	}
	fact("audit of Landlock", map[bool]string{true: "yes", false: "no"}[own > 0])
	fact("audit of a jail", map[bool]string{true: "its probe", false: "no"}[runs > 0])
}

// restricted reads a file in a domain that refuses it, on the same thread.
func restricted(path string) error {
	attr := struct{ fs uint64 }{unix.LANDLOCK_ACCESS_FS_READ_FILE}
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return errno
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); errno != 0 {
		return errno
	}
	file, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		err = unix.Close(file)
	}
	return err
}

// auditLog is a socket that gets what the kernel logs (audit_log(7) has no
// page; see READLOG in linux/audit.h).
type auditLog struct{ fd int }

func openLog(t *testing.T) auditLog {
	t.Helper()
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_AUDIT)
	if err != nil {
		t.Fatal("open the audit log: ", err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groupReadLog}); err != nil {
		t.Fatal("join the audit log's readers: ", err)
	}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 20}); err != nil {
		t.Fatal(err)
	}
	return auditLog{fd}
}

// enable turns the kernel's audit on or off: struct audit_status begins with a
// mask of what is set, of which 1 is the switch that follows.
func (l auditLog) enable(t *testing.T, on uint32) {
	t.Helper()
	status := make([]byte, 40)
	binary.NativeEndian.PutUint32(status, 1)
	binary.NativeEndian.PutUint32(status[4:], on)
	l.send(t, auditSet, status)
}

func (l auditLog) send(t *testing.T, kind uint16, data []byte) {
	t.Helper()
	m := make([]byte, unix.NLMSG_HDRLEN, unix.NLMSG_HDRLEN+len(data))
	binary.NativeEndian.PutUint32(m, uint32(cap(m)))
	binary.NativeEndian.PutUint16(m[4:], kind)
	binary.NativeEndian.PutUint16(m[6:], unix.NLM_F_REQUEST)
	if err := unix.Sendto(l.fd, append(m, data...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		t.Fatal("send to audit: ", err)
	}
}

// until writes a line to the log, and counts Landlock's records before it.
func (l auditLog) until(t *testing.T, line string) (records int) {
	t.Helper()
	end := "op=" + strings.ReplaceAll(line, " ", "_")
	l.send(t, auditUserEnd, append([]byte(end), 0))
	buf := make([]byte, 1<<16)
	for {
		n, _, err := unix.Recvfrom(l.fd, buf, 0)
		if err != nil {
			t.Fatalf("read the audit log up to %q: %v", end, err)
		}
		switch kind, text := binary.NativeEndian.Uint16(buf[4:]), buf[unix.NLMSG_HDRLEN:n]; kind {
		case auditLandlockAccess:
			records++
			t.Logf("%s", text)
		case auditUserEnd:
			if bytes.Contains(text, []byte(end)) {
				return records
			}
		}
	}
}
