package why

import "github.com/jailrun/jail/isolate/result"

// causesOfFailure are those of jail's failure.
func causesOfFailure() []cause {
	return []cause{
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
