package why

import "github.com/jailrun/jail/isolate/result"

// reasons says what each reason means, and which facts bear on it, those that
// decide first. A fact that is not known is left out.
var reasons = [...]struct {
	reason  result.Reason
	meaning string
	facts   []string
}{
	{result.Canceled, "Jail ended the run because its caller asked it to: Ctrl-C, a signal to jail, or the library's caller.", []string{"ended", "ran", "cpu"}},
	{result.OutputLimit, "Jail ended the run because more came out of one of the program's streams than it may write.", []string{"ended", "stdout", "stderr", "ran", "doing"}},
	{result.CPULimit, "The program, with all that it started, has used up its CPU time.", []string{"ended", "signal", "cpu", "parts", "wall", "tasks", "noise", "doing"}},
	{result.WallLimit, "The time that the program had on the clock was over before it ended.", []string{"ended", "signal", "wall", "cpu", "throttled", "tasks", "doing"}},
	{result.Idle, "For the whole window nothing of the program ran, and no byte passed on its streams.", []string{"ended", "idle", "wall", "cpu", "stdout", "stderr", "doing"}},
	{result.Memory, "The program, with all that it started and all that it wrote below /box and /tmp, needed more memory than there was for it.", []string{"ended", "memory", "oom", "met", "group", "left", "tasks", "doing"}},
	{result.Syscall, "The program made a system call that the policy ends a jail for.", []string{"ended", "call", "ran"}},
	{result.Pids, "The program had as many processes and threads as it may, and wanted one more.", []string{"ended", "signal", "tasks", "refused", "ran", "doing"}},
	{result.Disk, "The room in /box, /tmp and /dev/shm, or in the state, was used up.", []string{"ended", "signal", "blocks", "inodes", "state", "ran", "doing"}},
	{result.FileSize, "The program wanted to make a file larger than one may be, and died of the signal for that.", []string{"signal", "file", "ran"}},
	{result.Signaled, "The program died of a signal that jail did not send.", []string{"signal", "ran", "cpu", "memory", "refused"}},
	{result.Exited, "The program ended by itself. Its status is its own.", []string{"exit", "ran", "cpu", "memory", "refused", "blocks", "inodes", "state"}},
	{result.SetupFailed, "The program was not run: the launch failed, or there was a mistake in what was asked for.", []string{"step", "error", "ended"}},
	{result.Internal, "Jail itself could not go on, so nobody knows how the program would have ended.", []string{"error", "ended", "step", "ran"}},
}

func meaning(r result.Reason) string {
	for i := range reasons {
		if reasons[i].reason == r {
			return reasons[i].meaning
		}
	}
	return ""
}

// evidence gives the facts of a result's reason that are known.
func evidence(r *result.Result) []Fact {
	list := []Fact{}
	for i := range reasons {
		if reasons[i].reason != r.Reason {
			continue
		}
		for _, name := range reasons[i].facts {
			f := factNamed(name)
			if text := f.show(r); text != "" {
				list = append(list, Fact{f.label, f.keys, text})
			}
		}
	}
	return list
}
