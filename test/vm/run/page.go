package main

const pageHead = `# Kernels

What each kernel that jail is tested on gives, as ` + "`make test-vm`" + ` found by trying it, and how the tests ended there. The kernels are Debian's, in QEMU without KVM. ` + "`make test-vm UPDATE=1`" + ` writes this page; without it, all but the last section is held to what the guests say.

`

// legend says what the rows of the tables are.
var legend = [][]string{
	{"row", "what was tried", "where it is not there"},
	{"---", "---", "---"},
	{"limits by", "where a jail's figure of its memory comes from", "rusage and sampled: each process is bounded alone, and their sum is looked at"},
	{"clone3 into cgroup", "a process that is born in a v2 group", "every kernel that jail runs on has it (Linux 5.7)"},
	{"cgroup.kill", "a process that is ended by its group", "each process of the group is killed until it is empty"},
	{"memory.peak", "read in a group", "the peak is sampled every 10 ms"},
	{"PSI", "the system's and a group's pressure", "jail has no use for it yet"},
	{"Landlock", "the ABI", "no launch without --try landlock"},
	{"TCP rights", "a bind that a domain refuses", "with --net none the network namespace alone stands"},
	{"scopes", "an abstract socket and a signal that a domain refuses", "namespaces alone stand; where an ordinary user can have none, no launch"},
	{"sockets of others", "a path's socket that a domain refuses", "a socket in a folder that is shown can be connected to"},
	{"user namespaces", "a process in one", "no launch without --try user_ns"},
	{"overlay in one", "a read-only overlay, mounted in one", "system folders are bound instead"},
	{"mount_setattr", "the call", "mounts get their flags one after the other; root can't share a folder to write in"},
	{"WAIT_KILLABLE_RECV", "a filter with a listener that waits so", "a refused call that a signal interrupts is made, and counted, again"},
	{"swap accounting", "read in a group", "swap is not bounded by the group"},
	{"without user namespaces", "a launch with all layers tried, while switches forbid them", "what is left of the walls is named"},
	{"audit of Landlock", "a record of what a domain refused its maker", ""},
	{"audit of a jail", "records of what Landlock refused in a jail, as the defaults are", "its probe: none of the program's own, for the kernel leaves out what was executed after the domain was made"},
}
