package cores

import (
	"bytes"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	prefix   = "@jail/" // "@" stands for the zero byte of an abstract name
	turnName = prefix + "turn"
	openName = prefix + "open/"

	// backlog is how many may wait for a name at once; net.core.somaxconn bounds it.
	backlog = 4096
)

func coreName(core Set) string { return nameOf(core.first()) }
func nameOf(first int) string  { return prefix + "core/" + strconv.Itoa(first) }

func socket() (int, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, &Error{Op: "make", Object: "a socket", Err: err}
	}
	return fd, nil
}

// hold takes a name. EADDRINUSE in the error says that somebody has it.
func hold(name string) (int, error) {
	fd, err := socket()
	if err != nil {
		return -1, err
	}
	err = unix.Bind(fd, &unix.SockaddrUnix{Name: name})
	if err == nil {
		err = unix.Listen(fd, backlog)
	}
	if err != nil {
		unix.Close(fd)
		return -1, &Error{Op: "take the name", Object: name, Err: err}
	}
	return fd, nil
}

// Holder is a live holder of a name.
type Holder struct {
	Fd  int // hangs up when the name is free; whoever got it closes it
	PID int // the process, 0 for one of another pid namespace
}

// reach connects to the holder of a name. ECONNREFUSED says that there is none.
func reach(name string) (h Holder, err error) {
	fd, err := socket()
	if err != nil {
		return h, err
	}
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: name}); err != nil {
		unix.Close(fd)
		return h, err
	}
	h.Fd = fd
	if c, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
		h.PID = int(c.Pid)
	}
	return h, nil
}

// openJails lists the names of the jails without a lease, as /proc/net/unix
// shows them (proc_pid_net(5)): the last column, with "@" for the zero byte.
func openJails() ([]string, error) {
	b, err := os.ReadFile("/proc/net/unix")
	if err != nil {
		return nil, &Error{Op: "list", Object: "the jails of this host", Err: err}
	}
	var names []string
	for line := range bytes.Lines(b) {
		f := strings.Fields(string(line))
		if len(f) == 8 && strings.HasPrefix(f[7], openName) && f[5] == listening {
			names = append(names, f[7])
		}
	}
	return names, nil
}

// listening is the state SS_UNCONNECTED of the socket that is listed.
const listening = "01"
