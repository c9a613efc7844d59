//go:build guest

package isolate

import (
	"encoding/binary"
	"os"
	"strings"
	"testing"

	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/isolate/landlog"
	"golang.org/x/sys/unix"
)

// Audit is enabled in a guest only: it is the whole machine's.
func TestGuestLandlockTellsWhatItRefuses(t *testing.T) {
	facts, err := host.Probe()
	if err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 || facts.Landlock < loggedLandlock {
		return // nothing is told to others, or by this kernel
	}
	setAudit(t, 1)
	t.Cleanup(func() { setAudit(t, 0) })
	r, err := landlog.Open()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	c := Command(nil, "sh", "-c", "echo x > /proc/self/comm; true")
	c.Watch = WatchExplain
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	for _, d := range c.Result().Denials {
		if d.Layer == "landlock" {
			if !strings.Contains(d.Rule, "no rule grants fs.") || !strings.HasPrefix(d.Object, "/proc/") || d.Errno.String() != "EACCES" || d.Syscall != "openat" || d.PID == 0 {
				t.Errorf("%+v", d)
			}
			return
		}
	}
	t.Errorf("nothing of landlock's in %+v", c.Result().Denials)
}

// setAudit sets struct audit_status's enabled (linux/audit.h: AUDIT_SET, 1001).
func setAudit(t *testing.T, enabled uint32) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_AUDIT)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	msg := make([]byte, unix.NLMSG_HDRLEN+40)
	binary.NativeEndian.PutUint32(msg[0:], uint32(len(msg)))
	binary.NativeEndian.PutUint16(msg[4:], 1001)
	binary.NativeEndian.PutUint16(msg[6:], unix.NLM_F_REQUEST|unix.NLM_F_ACK)
	binary.NativeEndian.PutUint32(msg[unix.NLMSG_HDRLEN:], 1) // the mask: AUDIT_STATUS_ENABLED
	binary.NativeEndian.PutUint32(msg[unix.NLMSG_HDRLEN+4:], enabled)
	if err := unix.Sendto(fd, msg, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 1024)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil || n < unix.NLMSG_HDRLEN+4 || binary.NativeEndian.Uint32(answer[unix.NLMSG_HDRLEN:]) != 0 {
		t.Fatalf("set audit to %d: %v, %x", enabled, err, answer[:n])
	}
}
