package why

import "github.com/jailrun/jail/isolate/result"

// causesOfRoom are those of memory, processes, disk and calls.
func causesOfRoom() []cause {
	return []cause{
		{result.Memory, "a group of jails was at its limit, and this jail was not near its own", byGroup,
			"The group of jails that it is a member of had no memory left; the kernel chose this one.", "jail group set {group} --memory SIZE", "raises the limit of all members together"},
		{result.Memory, "neither limit was met", byHost,
			"The host itself had no memory left, and the kernel chose this jail.", "", "Free memory on the host, or run fewer jails at once."},
		{result.Memory, "its own limit was met", byItself,
			"It needs more memory than it may have, or keeps what it no longer needs: memory that only grows, or more input than was reckoned with.", "--memory", "gives it twice as much"},
		{result.Memory, "a half of the peak lay in /box, /tmp or shared memory when it was dead", inFiles,
			"Half of it and more are files in /box, /tmp and /dev/shm, or shared memory: those are held in memory, and count.", "--rw DIR", "keeps large files in a folder of the host's instead"},
		{result.Memory, "a quarter of the peak was held by the kernel, or in sockets", inKernelMemory,
			"Much of it is the kernel's, on the program's account: many threads, processes, pipes, sockets or small files.", "--pids N", "with a smaller number bounds processes and threads"},
		{result.Memory, "no group counts its memory", sampledMemory,
			"There was no cgroup: jail added up what its processes had, now and then.", "", `"jail doctor" says how to get a cgroup, which counts exactly.`},

		{result.Syscall, "the policy kills for it (on_suspicious)", killed(result.CauseSuspicious),
			"It made a call that most programs never make, and that attacks are made of; the policy says that such a call ends the jail.", "", `--on-suspicious deny, or without --kill-after, has such calls fail with an error instead; a higher --kill-after bears more of them.`},
		{result.Syscall, "it is of a foreign architecture", killed(result.CauseSyscall),
			"The program, or one that it started, is built for another architecture (32-bit, x32), whose calls the filter does not let pass.", "", "Build it for the machine's own architecture."},

		{result.Pids, "the kill is jail's (--pids-action kill)", killed(result.CausePids),
			"It starts processes or threads without end, or a pool of more than it may have.", "--pids", "allows twice as many"},
		{result.Pids, "it died of a signal", not(killed(result.CausePids)),
			"A process or thread could not be made, and the program did not get along with that.", "--pids", "allows twice as many"},
		{result.Pids, "it is a member of a group of jails, and had fewer tasks than it may have", ofGroup,
			"The group of jails that it is a member of, or one around that, had no task left.", "", `"jail group list" shows the limits of groups, and "jail group set" raises them.`},

		{result.Disk, "no block was free", noBlocks,
			"It wrote more than there is room for in /box, /tmp and /dev/shm together.", "--disk", "gives it twice as much; what lies there counts as memory too"},
		{result.Disk, "no inode was free", noInodes,
			"It made more files and folders than it may.", "--inodes", "allows twice as many"},
		{result.Disk, "the state was full", stateFull,
			"What it changed of the system, or of a --cow folder, is more than its state may hold.", "", "`jail state diff` lists it; a state is given its size when it is made: --state-size."},
		{result.Disk, "neither is known", not(full),
			"It was full when jail looked, and is no longer.", "--disk", "gives it twice as much; what lies there counts as memory too"},

		{result.FileSize, "always", always,
			"A file grew beyond the limit of one file: a log without end, or more output than was reckoned with.", "--file-size", "allows files twice as large"},
	}
}
