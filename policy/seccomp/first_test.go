package seccomp

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestProcessOneIsChangedByNoCall(t *testing.T) {
	r := DefaultRules()
	for _, c := range []struct {
		call string
		args []uint64
		want Action
	}{
		{"prlimit64", []uint64{1, unix.RLIMIT_NOFILE, 0x1000, 0}, eperm},
		{"prlimit64", []uint64{high | 1, unix.RLIMIT_NOFILE, 1 << 32, 0}, eperm},
		{"prlimit64", []uint64{1, unix.RLIMIT_NOFILE, 0, 0x1000}, Allow()},
		{"prlimit64", []uint64{0, unix.RLIMIT_NOFILE, 0x1000, 0}, Allow()},
		{"setpriority", []uint64{unix.PRIO_PROCESS, 1, 19}, eperm},
		{"setpriority", []uint64{high | unix.PRIO_PROCESS, high | 1, 19}, eperm},
		{"setpriority", []uint64{unix.PRIO_PROCESS, 0, 19}, Allow()},
		{"setpriority", []uint64{unix.PRIO_PGRP, 1, 19}, eperm},
		{"setpriority", []uint64{unix.PRIO_PGRP, 0, 19}, Allow()},
		{"setpriority", []uint64{unix.PRIO_USER, 0, 19}, eperm},
		{"setpriority", []uint64{high | unix.PRIO_USER, 7, 19}, eperm},
		{"ioprio_set", []uint64{1, 1, 3 << 13}, eperm},
		{"ioprio_set", []uint64{2, 1, 3 << 13}, eperm},
		{"ioprio_set", []uint64{high | 3, 0, 3 << 13}, eperm},
		{"ioprio_set", []uint64{1, 0, 3 << 13}, Allow()},
		{"sched_setscheduler", []uint64{1, unix.SCHED_IDLE}, eperm},
		{"sched_setscheduler", []uint64{2, unix.SCHED_IDLE}, Allow()},
		{"sched_setparam", []uint64{high | 1, 0}, eperm},
		{"sched_setparam", []uint64{0, 0}, Allow()},
		{"sched_setaffinity", []uint64{high | 1, 8, 0x1000}, eperm},
		{"sched_setaffinity", []uint64{0, 8, 0x1000}, Allow()},
		{"kill", []uint64{Whole, uint64(unix.SIGTERM)}, Allow()},
		{"tgkill", []uint64{2, 2, uint64(unix.SIGTERM)}, Allow()},
	} {
		if got := Reference(r, native(number(t, c.call), c.args...)); got != c.want {
			t.Errorf("%s(%#x): %v, want %v", c.call, c.args, got, c.want)
		}
	}
}

// Without the filter each call finds the process, is let near it, and fails by
// its operands only; the priority is set to what it is.
func TestKernelKeepsProcessOneOutOfReach(t *testing.T) {
	priority, err := unix.Getpriority(unix.PRIO_PROCESS, 1)
	if err != nil {
		t.Fatal(err)
	}
	calls := []call{
		{unix.SYS_PRLIMIT64, [6]uint64{1, unix.RLIMIT_NOFILE, bad}},
		{unix.SYS_SCHED_SETSCHEDULER, [6]uint64{1, unix.SCHED_NORMAL, bad}},
		{unix.SYS_SCHED_SETPARAM, [6]uint64{1, bad}},
		{unix.SYS_SCHED_SETAFFINITY, [6]uint64{1, 8, bad}},
		{unix.SYS_IOPRIO_SET, [6]uint64{1, 1, 7 << 13}},
	}
	want := []unix.Errno{unix.EFAULT, unix.EFAULT, unix.EFAULT, unix.EFAULT, unix.EINVAL}
	if unix.Geteuid() == 0 { // the kernel itself keeps others from it, with any operand
		calls = append(calls, call{unix.SYS_SETPRIORITY, [6]uint64{unix.PRIO_PROCESS, 1, uint64(20 - priority)}})
		want = append(want, 0)
	}
	without, with := errnos(t, "", calls), errnos(t, "default", calls)
	for i, c := range calls {
		if without[i] != want[i] || with[i] != unix.EPERM {
			t.Errorf("%s: %v without the filter, %v with it; want %v and EPERM", Name(c.Nr), without[i], with[i], want[i])
		}
	}
}
