package main

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// calmSysmon lets the Go runtime's monitor thread sleep longer. It sleeps 20 µs
// at a time as long as any goroutine runs, and each of its awakenings costs a
// launch, of some 6 ms, a timer's interrupt and the core: a twelfth of its time.
// With a timer slack of 10 ms (PR_SET_TIMERSLACK, prctl(2)) it is woken together
// with others. It takes no more than 10 ms by itself when it has found nothing to
// do for a while.
//
// Only a thread itself may change its slack without privilege, and the monitor
// runs no Go code of anybody's. So a signal takes it to the one system call. The
// handler stays, for a signal that nothing else uses here and that the runtime
// ignores.
//
// A thread that the monitor starts inherits its slack, and would hand it on: so
// every jail has the kernel's default set for it (package plan).
//
// The monitor also takes the right to run from a goroutine that waits in a system
// call, when another one wants it. Jail's main one waits so, and with one core
// there is nothing else to take: the others would have to wait for the monitor.
//
// Jail works as well without, so an error is none.
func calmSysmon() {
	if runtime.GOMAXPROCS(0) < 2 {
		return
	}
	action := sigaction{flags: saRestorer | saOnStack | saRestart, mask: ^uint64(0)}
	action.handler, action.restorer = calmer()
	const size = unsafe.Sizeof(action.mask)
	if _, _, err := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(calmSignal), uintptr(unsafe.Pointer(&action)), 0, size, 0, 0); err != 0 {
		return
	}
	pid := unix.Getpid()
	monitor := pid + 1                        // the first thread that the runtime starts, or else another process's
	_ = unix.Tgkill(pid, monitor, calmSignal) // which the kernel tells apart
}

// calmSignal is the last of the real-time ones.
const calmSignal = unix.Signal(64)

// sigaction is the kernel's struct, not libc's: rt_sigaction(2), "C library/kernel differences".
type sigaction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

const (
	saRestorer = 0x04000000
	saOnStack  = 0x08000000 // the runtime gives each of its threads a stack for signals
	saRestart  = 0x10000000
)

// calmer gives the addresses of a signal handler that sets the timer slack of
// the thread it runs on, and of what it returns to.
func calmer() (handler, restorer uintptr)
