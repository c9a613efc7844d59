package why

import "github.com/jailrun/jail/isolate/result"

// causesOfTime are those of time that has passed, and of output.
func causesOfTime() []cause {
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
		{result.WallLimit, "CPU time is below a tenth of the time on the clock, and no row of [waiting](#waiting) holds", waitedSomehow,
			"It hardly computed: it waited, for input that did not come, a lock, another process, or a timer.", "", "Give it its whole input (< FILE), or < /dev/null if it needs none."},
		{result.WallLimit, "CPU time is above nine tenths of the time on the clock", computed,
			"It computed all the time: a loop that does not end, a slow algorithm, or more input than was reckoned with.", "", "--cpu bounds what it computes, whatever else runs on the host."},
		{result.WallLimit, "CPU time is between these, or not known", partly,
			"It computed for a part of the time, and waited for the rest.", "", ""},
		{result.WallLimit, "it was held back for a tenth of the time on the clock", heldBack,
			"The bandwidth that it was given held it back.", "--cpu-max PERCENT", "gives it more of a core"},
		{result.WallLimit, "always", always,
			"", "--wall", "gives it twice as much"},

		{result.Idle, "no row of [waiting](#waiting) holds", not(waitTold),
			"It waits for what does not come: input on an open, empty standard input, a lock, another process, or a timer.", "", "Give it its whole input (< FILE), or < /dev/null if it needs none."},
		{result.Idle, "always", always,
			"", "--idle", "waits for twice as long"},
	}
}
