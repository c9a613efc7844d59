package main

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// calmSysmon lets the Go runtime's monitor thread wait for its turn while a jail
// starts. It sleeps 20 µs at a time as long as any goroutine runs, and each of its
// awakenings takes the core from the launch, which lasts a twentieth longer for
// it. The waking of a thread in SCHED_BATCH takes it from nobody (sched(7)); this
// asks for no privilege, and can be undone without one.
//
// A thread that the monitor starts inherits the policy: the reset on fork is for
// real-time policies and negative nice values alone. So it is one that costs a
// thread no share of the processor, and unlike a timer slack or SCHED_IDLE it does
// no harm to a program that is started from such a thread.
//
// Jail works as well without, so an error is none.
func calmSysmon() {
	pid := unix.Getpid()
	monitor := pid + 1 // the first thread that the runtime starts, or else another process
	if isOurs(monitor) && policyOf(pid) == unix.SCHED_NORMAL {
		setPolicy(monitor, unix.SCHED_BATCH)
	}
}

// wakeSysmon undoes calmSysmon, for the threads that have inherited it too. The
// main thread is started by nobody of ours, and so has what the caller has chosen.
func wakeSysmon() {
	if policyOf(unix.Getpid()) != unix.SCHED_NORMAL {
		return
	}
	threads, err := os.Open("/proc/self/task")
	if err != nil {
		return
	}
	defer threads.Close()
	names, _ := threads.Readdirnames(-1) // those that were read
	for _, name := range names {
		if tid, err := strconv.Atoi(name); err == nil && isOurs(tid) && policyOf(tid) == unix.SCHED_BATCH {
			setPolicy(tid, unix.SCHED_NORMAL)
		}
	}
}

// isOurs asks the kernel, not /proc, which may be another pid namespace's: the
// numbers in it are then of strangers.
func isOurs(tid int) bool { return unix.Tgkill(unix.Getpid(), tid, 0) == nil }

// policyOf gives SCHED_NORMAL where it can't tell: nothing is done on it alone.
func policyOf(tid int) uint32 {
	a, err := unix.SchedGetAttr(tid, 0)
	if err != nil {
		return unix.SCHED_NORMAL
	}
	return a.Policy
}

// setPolicy leaves the nice value as it is.
func setPolicy(tid int, policy uint32) {
	if a, err := unix.SchedGetAttr(tid, 0); err == nil {
		_ = unix.SchedSetAttr(tid, &unix.SchedAttr{Policy: policy, Nice: a.Nice}, 0)
	}
}
