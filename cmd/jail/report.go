package main

import (
	"os"
	"strconv"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// report writes the result where it was asked for, tells a person what he must
// know, and gives jail's exit status.
func report(r *request, cmd *isolate.Cmd, seen *shown, s *streams, err error) int {
	res := cmd.Result()
	if res == nil { // canceled before there was anything to cancel
		complain(err)
		return result.StatusFailed
	}
	status := result.ExitStatus(res)
	if s.wanted() {
		line := res.AppendLine(make([]byte, 0, 4096))
		if e := s.emit(line); e != nil {
			complain(e)
			_, _ = os.Stderr.Write(line)
			status = result.StatusFailed
		}
	}
	if lost := result.Lost(res); lost != "" {
		_, _ = os.Stderr.WriteString(lost + "\n")
	}
	switch {
	case res.Reason == result.SetupFailed && err != nil:
		complain(notFoundHere(r.argv[0], err))
	case res.Reason == result.SetupFailed, res.Reason == result.Internal:
		_, _ = os.Stderr.WriteString(result.Sentence(res) + "\n")
	case !r.quiet:
		remark(res, seen)
	}
	return status
}

// remark writes what jail has to say of a run that it did watch to its end.
func remark(res *result.Result, seen *shown) {
	if isTerminal(os.Stderr) {
		denied(res)
	}
	if res.Reason != result.Exited {
		_, _ = os.Stderr.WriteString(result.Sentence(res) + "\n")
	} else if script := seen.alone(); *res.ExitCode != 0 && script != "" {
		say("only " + script + " is visible in " + box + "; show its folder with --ro .")
	}
	if w := res.Enforced.At(policy.LayerCgroup); w.State == result.StateAbsent {
		say("no cgroup, so memory and processes are bounded for each process, not for all together: " + w.Detail)
	}
}

// denied sums up what was refused, in two lines at most.
func denied(res *result.Result) {
	const most = 4
	if len(res.Denials) == 0 {
		return
	}
	text, fix := "denied: ", ""
	for i := range min(len(res.Denials), most) {
		d := &res.Denials[i]
		if i > 0 {
			text += ", "
		}
		text += d.Syscall
		if d.Object != "" {
			text += " " + d.Object
		}
		text += " (" + d.Errno.String() + ", " + strconv.FormatInt(d.Count, 10) + "×)"
		if fix == "" {
			fix = d.Fix
		}
	}
	if more := len(res.Denials) - most; more > 0 {
		text += ", and " + strconv.Itoa(more) + " more (--json lists all)"
	}
	say(text)
	if fix != "" {
		say("allow it with " + fix)
	}
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
