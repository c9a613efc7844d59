package main

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// calmSysmon lets the Go runtime's monitor thread wake a tenth as often while a
// jail starts. It sleeps 20 µs at a time as long as any goroutine runs, and each
// of its awakenings takes the core from the launch: without this a launch takes
// a tenth longer, and its slowest hundredth a third.
//
// A longer slack (PR_SET_TIMERSLACK, which for another thread is written to
// /proc and takes CAP_SYS_NICE) makes it wake with other timers. Without that
// privilege it is put into SCHED_IDLE (sched(7)): it runs when a core is idle.
// Neither is needed for jail to work, so an error is none.
func calmSysmon() {
	pid := unix.Getpid()
	monitor := pid + 1 // the first thread that the runtime starts
	if unix.Tgkill(pid, monitor, 0) != nil {
		return // another process was faster to take the number
	}
	const slack = "1000000" // ns
	fd, err := unix.Open("/proc/"+strconv.Itoa(monitor)+"/timerslack_ns", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		_, err = unix.Write(fd, []byte(slack))
		unix.Close(fd)
	}
	if err != nil {
		_ = unix.SchedSetAttr(monitor, &unix.SchedAttr{Policy: unix.SCHED_IDLE}, 0)
	}
}
