package seccomp

import "golang.org/x/sys/unix"

const (
	whyFirst = "process 1 holds the jail, and where it has the program's user no right of its own keeps it from the program"
	whyUser  = "changes all of a user's processes, and process 1 may be one"
)

// firstChecks keep the calls that change another process away from process 1:
// starved or out of descriptors it would end its jail late. Signals need no
// check, since the kernel drops what process 1 doesn't wait for
// (pid_namespaces(7)).
var firstChecks = []Check{
	{
		Call: "prlimit64", Words: "process is 1, and new limits are given", Why: whyFirst,
		When: []Arg{
			{Index: 0, Mask: Low32, Values: []uint64{1}},
			{Index: 2, Mask: Whole, Values: []uint64{0}, Not: true},
		},
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	},
	{
		Call: "setpriority", Words: "process or process group is 1", Why: whyFirst,
		When: []Arg{
			{Index: 0, Mask: Low32, Values: []uint64{unix.PRIO_PROCESS, unix.PRIO_PGRP}},
			{Index: 1, Mask: Low32, Values: []uint64{1}},
		},
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	},
	{
		Call: "setpriority", Words: "for a user", Why: whyUser,
		When:   []Arg{{Index: 0, Mask: Low32, Values: []uint64{unix.PRIO_USER}}},
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	},
	{
		Call: "sched_setscheduler", Words: "process is 1", Why: whyFirst,
		When:   []Arg{{Index: 0, Mask: Low32, Values: []uint64{1}}},
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	},
	{
		Call: "sched_setparam", Words: "process is 1", Why: whyFirst,
		When:   []Arg{{Index: 0, Mask: Low32, Values: []uint64{1}}},
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	},
	{
		Call: "sched_setaffinity", Words: "process is 1", Why: whyFirst,
		When:   []Arg{{Index: 0, Mask: Low32, Values: []uint64{1}}},
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	},
}
