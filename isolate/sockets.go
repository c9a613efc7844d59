package isolate

import (
	"encoding/binary"
	"errors"
	"os"

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

// message is one message of a launch, with the descriptors that came along.
type message struct {
	body []byte
	fds  []int
	pid  int // who sent it, as our pid namespace has it; 0 if not known
}

func (m *message) word(off int) uint64 {
	if off+8 > len(m.body) {
		return 0
	}
	return binary.LittleEndian.Uint64(m.body[off:])
}

// take gives the next descriptor, or -1.
func (m *message) take() int {
	if len(m.fds) == 0 {
		return -1
	}
	fd := m.fds[0]
	m.fds = m.fds[1:]
	return fd
}

// drop closes the descriptors that nobody took.
func (m *message) drop() { closeFds(m.fds) }

// errLostFds is the error of a message whose descriptors the kernel has dropped
// for want of room: MSG_CTRUNC, recvmsg(2).
var errLostFds = os.NewSyscallError("recvmsg", unix.EMFILE)

// errLongMessage: nothing that a plan sends is longer than its reader's buffer.
var errLongMessage = os.NewSyscallError("recvmsg", unix.EMSGSIZE)

// receive reads one message. An empty one is the end: every other holder of
// the socket is gone. With errLostFds the rest of the message is there.
func receive(fd int, buf []byte) (message, error) {
	var oob [64]byte
	var m message
	n, oobn, flags, _, err := unix.Recvmsg(fd, buf, oob[:], unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		if errors.Is(err, unix.ECONNRESET) {
			return m, nil
		}
		return m, err
	}
	m.body = buf[:n]
	m.controls(oob[:oobn])
	if flags&unix.MSG_TRUNC != 0 {
		m.drop()
		return m, errLongMessage
	}
	if flags&unix.MSG_CTRUNC != 0 {
		m.drop()
		m.fds = nil
		return m, errLostFds
	}
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
			m.fds = append(m.fds, fds...)
		}
		if c, err := unix.ParseUnixCredentials(&list[i]); err == nil {
			m.pid = int(c.Pid)
		}
	}
}
