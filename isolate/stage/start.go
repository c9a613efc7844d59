package stage

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// memfdExec is MFD_EXEC (Linux 6.3), which says that the file is meant to be
// executed; older kernels answer EINVAL and need no saying.
const memfdExec = 0x10

// Above gives a number that neither fds nor what the fork moves them to, while
// it puts them in order, can reach.
func Above(fds []uintptr) int {
	top := uintptr(len(fds))
	for _, fd := range fds {
		top = max(top, fd)
	}
	return int(top) + len(fds) + 4
}

// Write puts an image into a sealed memfd and gives its descriptor, whose
// number is at least above: the child's own descriptors must not cover it.
func Write(image []byte, above int) (int, error) {
	low, err := memfd()
	if err != nil {
		return -1, err
	}
	defer unix.Close(low)
	for p := image; len(p) > 0; {
		n, err := unix.Write(low, p)
		if err != nil {
			return -1, fmt.Errorf("write the stage's image: %w", err)
		}
		p = p[n:]
	}
	const seals = unix.F_SEAL_WRITE | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(uintptr(low), unix.F_ADD_SEALS, seals); err != nil {
		return -1, fmt.Errorf("seal the stage's image: %w", err)
	}
	fd, err := unix.FcntlInt(uintptr(low), unix.F_DUPFD_CLOEXEC, above)
	if err != nil {
		return -1, fmt.Errorf("move the stage's image to a descriptor above %d: %w", above, err)
	}
	return fd, nil
}

func memfd() (int, error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate("jail", flags|memfdExec)
	if errors.Is(err, unix.EINVAL) {
		fd, err = unix.MemfdCreate("jail", flags)
	}
	if err != nil {
		return -1, fmt.Errorf("memfd_create for the stage: %w", err)
	}
	return fd, nil
}

// Start executes the image of descriptor memfd with the descriptors fds as
// 0, 1, 2, …, an empty environment and no arguments, and gives its pid.
//
// It is started from a thread that never ends, because PR_SET_PDEATHSIG (see
// prctl(2)) fires when the creating thread ends, not the process.
//
// The main thread never ends before its process, so on it no other is needed,
// unless it has a real-time priority, which its children would have too.
func Start(memfd int, fds []uintptr) (int, error) {
	runtime.LockOSThread() // the question is of the thread that forks
	if unix.Gettid() == unix.Getpid() && !realtime() {
		defer runtime.UnlockOSThread()
		return fork(memfd, fds)
	}
	runtime.UnlockOSThread()
	type answer struct {
		pid int
		err error
	}
	done := make(chan answer, 1)
	launcher() <- func() {
		pid, err := fork(memfd, fds)
		done <- answer{pid, err}
	}
	a := <-done
	return a.pid, a.err
}

// StartHere is Start for a process that starts one jail and nothing else, so
// that a thread of it ends with it alone: on the main thread it does without
// locking the goroutine there, for which the runtime would start two threads.
func StartHere(memfd int, fds []uintptr) (int, error) {
	if unix.Gettid() == unix.Getpid() && !realtime() {
		return fork(memfd, fds)
	}
	return Start(memfd, fds)
}

func fork(memfd int, fds []uintptr) (int, error) {
	path := "/proc/self/fd/" + strconv.Itoa(memfd)
	// #nosec G204 -- the sealed image of the stage, by number
	pid, err := syscall.ForkExec(path, []string{"jail-stage"}, &syscall.ProcAttr{Env: []string{}, Files: fds})
	if err != nil {
		return 0, &os.PathError{Op: "start the stage from", Path: path, Err: err}
	}
	return pid, nil
}

// launcher gives the queue of the one thread that starts all stages.
var launcher = sync.OnceValue(func() chan<- func() {
	q := make(chan func())
	go func() {
		runtime.LockOSThread()
		leaveRealtime()
		for f := range q {
			f()
		}
	}()
	return q
})

// leaveRealtime keeps the launcher's real-time priorities from its children: a
// jailed loop that has them holds a core, or a disk, for as long as it likes.
func leaveRealtime() {
	if attr, err := unix.SchedGetAttr(0, 0); err == nil {
		attr.Flags |= unix.SCHED_FLAG_RESET_ON_FORK // sched(7)
		_ = unix.SchedSetAttr(0, attr, 0)           // the flag takes no privilege
	}
	if realtimeIO() {
		_, _, _ = unix.RawSyscall(unix.SYS_IOPRIO_SET, ioprioThread, 0, 0)
	}
}

// realtime reports whether this thread runs in a real-time class: sched(7).
func realtime() bool {
	policy, _, err := unix.RawSyscall(unix.SYS_SCHED_GETSCHEDULER, 0, 0, 0)
	switch policy {
	case unix.SCHED_FIFO, unix.SCHED_RR, unix.SCHED_DEADLINE:
		return err == 0
	}
	return realtimeIO()
}

func realtimeIO() bool {
	const classShift, classRT = 13, 1
	v, _, err := unix.RawSyscall(unix.SYS_IOPRIO_GET, ioprioThread, 0, 0)
	return err == 0 && v>>classShift == classRT
}

const ioprioThread = 1 // IOPRIO_WHO_PROCESS, ioprio_set(2); 0 is the calling thread
