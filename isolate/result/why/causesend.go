package why

import "github.com/jailrun/jail/isolate/result"

// causesOfDeath are those of a program's death.
func causesOfDeath() []cause {
	return []cause{
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
	}
}

// causesOfExit are those of a program's own exit.
func causesOfExit() []cause {
	return []cause{
		{result.Exited, "status 0", succeeded,
			"It ended by itself, and says that all went well.", "", ""},
		{result.Exited, "it failed after the limit of processes had refused one", failing(pidsRefused),
			"A process or thread could not be made, which it may have failed of.", "--pids", "allows twice as many"},
		{result.Exited, "it failed, and no block was free", failing(noBlocks),
			"There was no room left in /box, /tmp and /dev/shm, which it may have failed of.", "--disk", "gives it twice as much; what lies there counts as memory too"},
		{result.Exited, "it failed, and its state was full", failing(stateFull),
			"There was no room left in the state that keeps what it changes, which it may have failed of.", "", "`jail state diff` lists what is in it; a state is given its size when it is made: --state-size."},
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
	}
}
