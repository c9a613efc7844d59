package isolate

import (
	"github.com/jailrun/jail/isolate/notify"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/policy/seccomp"
	"golang.org/x/sys/unix"
)

// listen takes the filter's listener, which came with the target's last word.
// Without one the kernel would answer for itself, ENOSYS and never a pass, but
// what the policy wants done about a refused call would not be done.
func (r *run) listen(fd int) {
	if filtered, _ := r.provesSeccomp(); !filtered {
		if fd >= 0 {
			unix.Close(fd) // whatever it is: without a filter it is no listener
		}
		return
	}
	if fd < 0 {
		r.fail(noRoom())
		return
	}
	o := notify.Options{
		Loop: r.loop, Answer: r.answer, Budget: r.budget, AllowMemory: r.holdsNoPage(),
		Name:      func(nr int32) string { return seccomp.Name(int(nr)) },
		OnForeign: func(c notify.Call) { r.endForCall(result.CauseSyscall, c) },
		OnHangup:  r.deaf,
	}
	o.OnDenial, o.Redact = r.tellRefused, r.cmd.Redact.Redact
	if r.cmd.Watch != WatchNone {
		o.Watch, o.Rows = r.watched, watchedRows
	}
	if r.policy.Seccomp.OnSuspicious == policy.SuspiciousKill {
		o.OnSuspicious = func(c notify.Call) { r.endForCall(result.CauseSuspicious, c) }
		o.KillAfter = r.policy.Seccomp.KillAfter
	}
	l, err := notify.New(fd, o)
	if err == nil {
		err = l.Start()
	}
	if err != nil {
		unix.Close(fd)
		r.fail(&LaunchError{Op: "listen to refused calls", Index: -1, Layer: policy.LayerSeccomp, Err: err})
		return
	}
	r.listener = l
	r.closers = append(r.closers, l.Close)
}

// holdsNoPage says whether the view has nothing of the caller's, of which a page
// could take as long as its FUSE server likes: neither a file of the policy's, nor a
// named one so large that it comes out of its folder, and is no copy.
func (r *run) holdsNoPage() bool { return len(r.policy.Files)+len(r.found.folders) == 0 }

// watchedRows bounds what is told of a watched run.
const watchedRows = 1024

// deaf ends a jail whose refused calls can't be heard any more, unless nobody is
// left who could make one: the listener then hangs up by itself.
func (r *run) deaf(err error) {
	if err == nil {
		return
	}
	err = &LaunchError{Op: "listen to refused calls", Index: -1, Layer: policy.LayerSeccomp, Err: err}
	if r.failure == nil {
		r.failure = err
	}
	r.end(result.CauseInternal)
}

// answer looks a call up in the table that the filter was made from.
func (r *run) answer(nr int32, args [6]uint64) (errno unix.Errno, rule, fix string) {
	j := r.judge(nr, args)
	return j.Answer.Errno, j.Rule, j.Fix
}

// budget is how many of what a call makes the table allows at once.
func (r *run) budget(nr int32, args [6]uint64) (most int) {
	if a := r.judge(nr, args).Answer; a.Kind == seccomp.KindBudget {
		return int(a.Most)
	}
	return 0
}

func (r *run) judge(nr int32, args [6]uint64) seccomp.Judged {
	if r.table == nil {
		r.table = r.rules().Index()
	}
	return r.table.Judge(nr, args)
}

func (r *run) endForCall(c result.Cause, call notify.Call) {
	if r.ev.Killed == "" && !r.nobodyLeft() {
		name := call.Syscall
		r.ev.Call = &result.Call{Arch: call.ABI(), NR: int64(call.NR), Name: name, PID: call.PID}
	}
	r.end(c)
}

// denials copies what the listener has counted.
func (r *run) denials(res *result.Result) {
	if r.listener == nil {
		return
	}
	for _, d := range r.listener.Denials() {
		if d.Syscall == notify.Other {
			res.DenialsTruncated = true
		}
		res.Denials = append(res.Denials, result.Denial{
			Layer: policy.Layer(d.Layer), Syscall: d.Syscall, Object: d.Object, Errno: errnoOf(d.Errno),
			Count: d.Count, Rule: d.Rule, Fix: d.Fix, Args: words(d.Args),
			FirstNS: d.FirstNS, LastNS: d.LastNS, PID: d.PID,
		})
	}
}

func errnoOf(name string) result.Errno {
	var e result.Errno
	_ = e.UnmarshalText([]byte(name)) // "" for a call that was never answered
	return e
}

func words(args [6]uint64) []result.Word {
	list := make([]result.Word, len(args))
	for i, a := range args {
		list[i] = result.Word(a)
	}
	return list
}
