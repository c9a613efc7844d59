package isolate

import (
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"
)

// pair makes a SEQPACKET socket pair. Our end does not block.
func pair() (ours, theirs int, err error) {
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, -1, err
	}
	return p[0], p[1], unix.SetNonblock(p[0], true)
}

// message is one message of a launch, with the descriptor that came along, or -1.
type message struct {
	body []byte
	fd   int
	pid  int // who sent it, as our pid namespace has it; 0 if not known
}

func (m *message) word(off int) uint64 {
	if off+8 > len(m.body) {
		return 0
	}
	return binary.LittleEndian.Uint64(m.body[off:])
}

// receive reads one message. An empty one is the end: every other holder of
// the socket is gone.
func receive(fd int, buf []byte) (message, error) {
	var oob [64]byte
	m := message{fd: -1}
	n, oobn, _, _, err := unix.Recvmsg(fd, buf, oob[:], unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		if errors.Is(err, unix.ECONNRESET) {
			return m, nil
		}
		return m, err
	}
	m.body = buf[:n]
	m.controls(oob[:oobn])
	return m, nil
}

// controls reads SCM_RIGHTS and SCM_CREDENTIALS, unix(7).
func (m *message) controls(oob []byte) {
	list, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return
	}
	for i := range list {
		if fds, err := unix.ParseUnixRights(&list[i]); err == nil {
			for _, fd := range fds {
				if m.fd >= 0 {
					unix.Close(fd)
					continue
				}
				m.fd = fd
			}
		}
		if c, err := unix.ParseUnixCredentials(&list[i]); err == nil {
			m.pid = int(c.Pid)
		}
	}
}
