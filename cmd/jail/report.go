package main

import (
	"cmp"
	"os"
	"strings"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// report writes the result where it was asked for, tells a person what he must
// know, and gives jail's exit status.
func report(r *request, p *policy.Policy, cmd *isolate.Cmd, beside *lookout, s *streams, err error) int {
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
	tellCopied(res)
	for _, line := range result.LostFiles(res) {
		say(line)
	}
	switch {
	case res.Reason == result.SetupFailed && err != nil:
		complain(notFoundHere(r.argv[0], err))
	case res.Reason == result.SetupFailed, res.Reason == result.Internal:
		_, _ = os.Stderr.WriteString(result.Sentence(res) + "\n")
	case !r.quiet:
		r.tellDenials(res)
		remark(res, p.OnlyByGroup(), func() string { return cmp.Or(beside.hint(), afterthought(r.argv, p)) })
	}
	return status
}

// remark writes what jail has to say of a run that it did watch to its end, of the
// flags that only a group can hold, and what a program that failed may have wanted.
func remark(res *result.Result, grouped []string, wanted func() string) {
	met := result.Met(res)
	switch {
	case readerLeft(res):
	case res.Reason != result.Exited:
		_, _ = os.Stderr.WriteString(result.Sentence(res) + "\n")
		if did := result.LastWords(res); did != "" {
			_, _ = os.Stderr.WriteString(did + "\n")
		}
	case met != "":
		_, _ = os.Stderr.WriteString(met + "\n")
	case *res.ExitCode != 0:
		if hint := wanted(); hint != "" {
			say(hint)
		}
	}
	if lacks := ungrouped(res); lacks != "" {
		say(lacks + ` ("jail doctor" says how to get one; --off cgroup silences this)`)
	}
	if w := res.Enforced.At(policy.LayerCgroup); len(grouped) > 0 && w.State != result.StateEnforced && w.Detail != notReached {
		say("no cgroup: nothing holds " + strings.Join(grouped, ", "))
	}
	if lacks := rootless(res); lacks != "" {
		say(lacks)
	}
}

// readerLeft says whether the program ended as in any pipeline whose reader has
// had enough, of which a shell says nothing either.
func readerLeft(res *result.Result) bool {
	const left = "EPIPE"
	o := &res.Output
	return res.Reason == result.Signaled && *res.Signal == int(unix.SIGPIPE) &&
		(o.StdoutError != nil && *o.StdoutError == left || o.StderrError != nil && *o.StderrError == left)
}

// ungrouped says what is bounded less well for want of a cgroup, "" if nothing.
func ungrouped(res *result.Result) string {
	w := res.Enforced.At(policy.LayerCgroup)
	if w.State != result.StateAbsent || w.Detail == notReached {
		return ""
	}
	text, l := "", &res.Limits
	switch {
	case res.Enforced.At(policy.LayerRlimits).State != result.StateEnforced:
		text = ", memory is only sampled and processes are not bounded"
	case l.MemoryBytes != nil:
		text = ", memory is bounded for each process and their sum only sampled"
	}
	if l.Pids != nil && l.PidsAction == policy.ActionKill {
		text += ", --pids-action kill only looks every 50 ms"
	}
	if l.CPUNS != nil {
		text += ", --cpu misses children that nobody waits for if they end within 50 ms"
	}
	if text == "" {
		return ""
	}
	return "no cgroup: " + text[2:]
}

// rootless says what is not bounded for want of a root of the jail's own, whose size
// is the bound; "" if nothing.
func rootless(res *result.Result) string {
	w, l := res.Enforced.At(policy.LayerRootfs), &res.Limits
	if w.State != result.StateAbsent || w.Detail == notReached || l.DiskBytes == nil && l.Inodes == nil {
		return ""
	}
	return `no root of its own: files are not bounded, by --disk, --inodes or --memory ("jail doctor" says how to get one; --disk unlimited --inodes unlimited silences this)`
}

// notReached is what a new result says of every layer: the launch, or its
// read-back, did not come so far.
const notReached = "not reached"

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
