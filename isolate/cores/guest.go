package cores

import (
	"errors"

	"golang.org/x/sys/unix"
)

// maxGuests bounds the descriptors that a lessee spends on who waits for it. The
// rest wait in the kernel's own queue.
const maxGuests = 256

// Doors are descriptors that can be read when somebody waits for the lease.
func (l *Lease) Doors() []int { return l.names }

// Receive takes in who waits at a door, and closes those who wait no longer:
// else their places would be gone for the time of the lease. It says whether
// there is room for more.
func (l *Lease) Receive(door int) bool {
	l.guests = stillThere(l.guests)
	for len(l.guests) < maxGuests {
		fd, _, err := unix.Accept4(door, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.ECONNABORTED) {
			continue
		}
		if err != nil {
			return true
		}
		l.guests = append(l.guests, fd)
	}
	return false
}
