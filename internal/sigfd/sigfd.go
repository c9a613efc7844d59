// Package sigfd turns signals into bytes that an event loop can wait for.
//
// Package os/signal does the same with a goroutine and two threads of its own,
// which take longer to start than a jail. Here the handler is ten instructions
// that write the signal's number to a pipe; signalfd(2) would need the signals
// blocked in every thread, and the runtime makes threads with none blocked.
package sigfd

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Handler and restorer are code in assembly; the first finds the pipe in
// writeEnd.
func handler() uintptr
func restorer() uintptr

var writeEnd int32 // the handler has no other way to know it

// Notify has the signals of this process's written to a pipe, four bytes each,
// and gives the end to read, which does not block. It may be called once: a
// handler has one place to look for its pipe.
func Notify(sigs ...unix.Signal) (int, error) {
	if writeEnd != 0 {
		return -1, ErrTwice
	}
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return -1, os.NewSyscallError("pipe2", err)
	}
	writeEnd = int32(p[1])
	for _, s := range sigs {
		if err := set(s, handler()); err != nil {
			return -1, err
		}
	}
	return p[0], nil
}

// ErrTwice is given by a second Notify.
var ErrTwice = errors.New("signals are written to a pipe already")

// Next reads a signal from the descriptor of Notify, and whether there was one.
func Next(fd int) (unix.Signal, bool) {
	var b [4]byte
	if n, err := unix.Read(fd, b[:]); n != len(b) || err != nil {
		return 0, false
	}
	return unix.Signal(b[0]), true
}

// Again has Next give a signal once more, as if it had come a second time. It
// may be called from any goroutine, after Notify.
func Again(s unix.Signal) {
	b := [4]byte{byte(s)}
	_, _ = unix.Write(int(writeEnd), b[:]) // a full pipe loses it, as in the handler
}

// Reset gives a signal its default effect again.
func Reset(s unix.Signal) error { return set(s, 0) }

// action is struct sigaction as rt_sigaction(2) takes it.
type action struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

const (
	saOnStack  = 0x08000000 // the stack that the runtime gives each thread for signals
	saRestart  = 0x10000000
	saRestorer = 0x04000000
)

func set(s unix.Signal, h uintptr) error {
	a := action{handler: h, flags: saOnStack | saRestart | saRestorer, restorer: restorer()}
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(s), uintptr(unsafe.Pointer(&a)), 0, unsafe.Sizeof(a.mask), 0, 0)
	if errno != 0 {
		return os.NewSyscallError("rt_sigaction", errno)
	}
	return nil
}
