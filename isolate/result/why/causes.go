package why

import "github.com/jailrun/jail/isolate/result"

// cause is what probably led to a reason where some evidence holds, and what to
// change then.
type cause struct {
	reason result.Reason
	when   string // the evidence, for the docs
	holds  func(*result.Result) bool
	cause  string
	flag   string // of jail exec; one of a limit is written with twice what held
	change string // what the flag does, or what to do without one
}

// causes gives for each reason the rows that are looked through; all that hold
// are told, in this order. It is a function, not a variable, which each start of
// jail would fill: rows are made by calls.
func causes() []cause {
	return []cause{
		{result.Canceled, "the program had been started", started,
			"Somebody ended jail while the program ran: Ctrl-C, a time limit of the caller's, or the end of a service.", "", "Look at who ended jail; no limit of jail's was met."},
		{result.Canceled, "it had not", not(started),
			"Somebody ended jail before the program was run.", "", "Look at who ended jail; no limit of jail's was met."},

		{result.OutputLimit, "always", always,
			"It prints in a loop that does not end, or it has more to say than was reckoned with.", "--output", "raises the bound, of each stream"},

		{result.CPULimit, "the kill is jail's", killed(result.CauseCPU),
			"It computed for longer than it may: a loop that does not end, a slow algorithm, or more input than was reckoned with.", "--cpu", "gives it twice as much"},
		{result.CPULimit, "it died of SIGXCPU or SIGKILL", not(killed(result.CauseCPU)),
			"The kernel's own limit (RLIMIT_CPU) was quicker than jail, which was stopped or had no core to run on.", "--cpu", "gives it twice as much"},
		{result.CPULimit, "CPU time is above the time on the clock by a fifth", parallel,
			"Several of its threads or processes computed at once, and the limit is for all of them together.", "", "Have it start fewer; GOMAXPROCS and OMP_NUM_THREADS are set to the number of cores."},
		{result.CPULimit, "half of it was spent in the kernel", inKernel,
			"The kernel worked for it for at least half of that time: many small reads and writes, new processes, or memory touched for the first time.", "", "Read and write in larger pieces, and start fewer processes."},

		{result.WallLimit, "the kill is not jail's", not(killed(result.CauseWall)),
			"The clock of the jail's own init ended it: jail itself was stopped, or had no core to run on.", "", "See whether the host is overloaded, or somebody stops jail (SIGSTOP)."},
		{result.WallLimit, "CPU time is below a tenth of the time on the clock", waited,
			"It hardly computed: it waited, for input that did not come, a lock, another process, or a timer.", "", "Give it its whole input (< FILE), or < /dev/null if it needs none."},
		{result.WallLimit, "CPU time is above nine tenths of the time on the clock", computed,
			"It computed all the time: a loop that does not end, a slow algorithm, or more input than was reckoned with.", "", "--cpu bounds what it computes, whatever else runs on the host."},
		{result.WallLimit, "CPU time is between these, or not known", partly,
			"It computed for a part of the time, and waited for the rest.", "", ""},
		{result.WallLimit, "it was held back for a tenth of the time on the clock", heldBack,
			"The bandwidth that it was given held it back.", "--cpu-max PERCENT", "gives it more of a core"},
		{result.WallLimit, "always", always,
			"", "--wall", "gives it twice as much"},

		{result.Idle, "always", always,
			"It waits for what does not come: input on an open, empty standard input, a lock, another process, or a timer.", "", "Give it its whole input (< FILE), or < /dev/null if it needs none."},
		{result.Idle, "always", always,
			"", "--idle", "waits for twice as long"},

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
			"It made a call that most programs never make, and that attacks are made of; the policy says that such a call ends the jail.", "", `seccomp.on_suspicious = "deny" in a policy file has such calls fail with an error instead.`},
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
		{result.Disk, "neither is known", not(full),
			"It was full when jail looked, and is no longer.", "--disk", "gives it twice as much; what lies there counts as memory too"},

		{result.FileSize, "always", always,
			"A file grew beyond the limit of one file: a log without end, or more output than was reckoned with.", "--file-size", "allows files twice as large"},

		{result.Signaled, "SIGSEGV, and it had used no memory, without a cgroup", result.BornTooLarge,
			"Its own program file needs more memory than it may map: without a cgroup --memory bounds that of each process.", "--memory", "gives it twice as much"},
		{result.Signaled, "SIGSEGV", diedOf("SIGSEGV"),
			"It used memory that it does not have: a mistake in the program (a wild pointer, an index out of range), or a stack that ran over by deep recursion.", "--stack", "gives its first thread twice the stack, if it was that"},
		{result.Signaled, "SIGBUS", diedOf("SIGBUS"),
			"It touched a page that could not be had: a mapped file that had become shorter, no room in /dev/shm, or no huge page.", "--disk", "gives it more room, if it was that"},
		{result.Signaled, "SIGABRT", diedOf("SIGABRT"),
			"It gave up by itself: a failed assertion, an exception that nobody caught, a damaged heap, or no memory; its standard error says more.", "", "Look at its standard error."},
		{result.Signaled, "SIGFPE", diedOf("SIGFPE"),
			"It divided a whole number by zero, or a quotient did not fit.", "", "Mend the program."},
		{result.Signaled, "SIGILL or SIGTRAP", diedOf("SIGILL", "SIGTRAP"),
			"It met an instruction that this machine does not have, or one by which compilers mark what should never be reached.", "", "Build it for this machine (no -march=native of another), or mend the program."},
		{result.Signaled, "SIGSYS", diedOf("SIGSYS"),
			"A system call was forbidden, by a filter of its own or by jail's, or it sent itself the signal.", "", "The refused calls tell which; without one it was its own filter."},
		{result.Signaled, "SIGPIPE", diedOf("SIGPIPE"),
			"It wrote to a pipe whose reader had gone.", "", "As in any pipeline: see why the reader ended."},
		{result.Signaled, "SIGKILL", diedOf("SIGKILL"),
			"Somebody killed it: one of its own processes, or root from outside; jail did not.", "", "Look for who sends it; \"jail group kill\" does, and the host's own out-of-memory killer."},
		{result.Signaled, "SIGTERM, SIGINT, SIGHUP or SIGQUIT", diedOf("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"),
			"It was asked to end, by one of its own processes, or by a signal to jail, which is passed on.", "", "Look at who sent it; no limit of jail's was met."},
		{result.Signaled, "another signal", otherSignal,
			"One of its own processes sent it, or a timer of its own.", "", "Look into the program for that signal."},
		{result.Signaled, "its memory was within 5 % of the limit", result.NearMemory,
			"It was near its limit of memory: runtimes give up before the kernel refuses.", "--memory", "gives it twice as much"},
		{result.Signaled, "calls were refused", refusedCalls,
			"Calls of its were refused, which it may have died of.", "", "The refused calls are listed, each with what would do instead."},

		{result.Exited, "status 0", succeeded,
			"It ended by itself, and says that all went well.", "", ""},
		{result.Exited, "it failed after the limit of processes had refused one", failing(pidsRefused),
			"A process or thread could not be made, which it may have failed of.", "--pids", "allows twice as many"},
		{result.Exited, "it failed, and no block was free", failing(noBlocks),
			"There was no room left in /box, /tmp and /dev/shm, which it may have failed of.", "--disk", "gives it twice as much; what lies there counts as memory too"},
		{result.Exited, "it failed, and no inode was free", failing(noInodes),
			"It could make no file any more, which it may have failed of.", "--inodes", "allows twice as many"},
		{result.Exited, "it failed, and its memory was within 5 % of the limit", failing(result.NearMemory),
			"It was near its limit of memory: node, Java and Python give up before the kernel refuses.", "--memory", "gives it twice as much"},
		{result.Exited, "it failed, and calls were refused", failing(refusedCalls),
			"Calls of its were refused, which it may have failed of.", "", "The refused calls are listed, each with what would do instead."},
		{result.Exited, "status 127", exitedWith(127, 127),
			"As shells say it, a command was not found: by the program, inside of the jail.", "--ro PATH", "shows what is missing, if it lies outside of the system's folders"},
		{result.Exited, "status 126", exitedWith(126, 126),
			"As shells say it, a command was found and could not be executed: by the program, inside of the jail.", "", "See whether it is executable (chmod +x), and built for this machine."},
		{result.Exited, "status 129 to 192", exitedWith(129, 192),
			"As shells say it, a command that the program ran died of {signal}.", "", "Run that command alone, so that the result is its own."},
		{result.Exited, "it failed, and nothing of that holds", failing(unexplained),
			"It failed by its own judgement: it says why, if at all, on its standard error.", "--ro .", "shows it the whole working directory, if a file of yours is what it misses"},

		{result.SetupFailed, "a mistake on the command line or in a policy", unlaunched,
			"What was asked for could not be understood, or a file that it names could not be had; nothing was run.", "", "{hint}"},
		{result.SetupFailed, "the program or its interpreter was not found", execFailed(notFound),
			"The program, or the interpreter that its first line or its header names, is not visible in the jail.", "", "{hint}"},
		{result.SetupFailed, "the program could not be executed", execFailed(not(notFound)),
			"The program is there, and the kernel would not execute it.", "", "{hint}"},
		{result.SetupFailed, "a step of the launch failed", stepFailed,
			"The host did not give what the step asks for; nothing of the program has run, or with --verify fast its first moments.", "", "{hint}"},
		{result.SetupFailed, "no step is known", noStep,
			"The launch did not come to its end in time: a folder on a file server that does not answer, or a host without a free core.", "", `See what --ro, --rw and --bind name; "jail doctor" tries a launch.`},

		{result.Internal, "the kill is jail's", killed(result.CauseInternal),
			"Jail could no longer watch the program, and ended it rather than leave it unwatched.", "", "{hint}"},
		{result.Internal, "the program ran, and nobody tells how it ended", nobodyTells,
			"The jail's own init was killed from outside, and the program with it.", "", "Look for who kills it: root, or the host's out-of-memory killer."},
		{result.Internal, "anything else", unheard,
			"Jail can't tell.", "", `"jail doctor" tries a launch.`},
	}
}
