package isolate

import (
	"errors"
	"path"
	"strconv"

	"github.com/jailrun/jail/isolate/access"
	"github.com/jailrun/jail/isolate/notify"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/policy/seccomp"
	"golang.org/x/sys/unix"
)

// Watch is how closely a run is looked at. What is watched costs the program some
// ten microseconds for each call that names a file; WatchNone costs nothing.
type Watch uint8

// The depths of watching.
const (
	WatchNone    Watch = iota // suspicious calls only
	WatchExplain              // files that can't be seen, read or written, and each refused call, stand in the result's denials
	WatchLearn                // the same, and calls that a policy could allow go on; for trusted programs
)

func (w Watch) named() result.Watched {
	switch w {
	case WatchExplain:
		return result.WatchedExplain
	case WatchLearn:
		return result.WatchedLearn
	}
	return result.WatchedNo
}

func (w Watch) depth() seccomp.Watch {
	switch w {
	case WatchExplain:
		return seccomp.WatchExplain
	case WatchLearn:
		return seccomp.WatchLearn
	}
	return seccomp.WatchNone
}

// errBlind says that from some call on no name was read.
var errBlind = errors.New("the program's memory does not answer, so that the files of its later calls are not told")

// Seen is a call of a watched program, as it was when the call was made.
type Seen struct {
	Call   string
	Files  []access.Access // that it names
	Passed bool            // it is refused by default, and went on
	Fixed  bool            // it was refused, and no policy can allow it
	Rule   string          // that refuses it by default
}

// watched judges a call of which the filter tells, but not as a suspicious one.
func (r *run) watched(c *notify.Call, m *notify.Memory) (notify.Watched, bool) {
	j := r.judge(c.NR, c.Args)
	a, rule := j.Answer, j.Rule
	if a.Kind != seccomp.KindWatch {
		return notify.Watched{}, false
	}
	switch {
	case a.Errno != 0:
		r.tell(Seen{Call: c.Syscall, Fixed: true, Rule: rule})
		return notify.Watched{Errno: a.Errno, Denial: &notify.Refusal{Layer: string(policy.LayerSeccomp), Errno: a.Errno, Rule: rule, Fix: j.Fix}}, true
	case a.Alone != 0:
		r.tell(Seen{Call: c.Syscall, Passed: true, Rule: rule})
		return notify.Watched{}, true
	}
	return notify.Watched{Denial: r.lookAt(c, m)}, true
}

// lookAt finds out what a call's files are, and gives what it will be refused.
func (r *run) lookAt(c *notify.Call, m *notify.Memory) (f *notify.Refusal) {
	wants := access.Wants(c.Syscall, c.Args, m)
	if len(wants) == 0 || !r.canLook(c.PID, m) { // none: before it is executed, the target's memory is nobody's to read
		return nil
	}
	seen := Seen{Call: c.Syscall}
	for _, w := range wants {
		a, ok := r.looker.Look(c.PID, w)
		if r.cantLook = r.looker.Late(); !ok {
			continue
		}
		seen.Files = append(seen.Files, a)
		if f == nil {
			f = r.refusal(&a)
		}
	}
	if !m.Valid() { // the pid may have been another's
		return nil
	}
	if len(seen.Files) > 0 {
		r.tell(seen)
	}
	return f
}

func (r *run) tell(s Seen) {
	if r.cmd.OnSeen != nil {
		r.cmd.OnSeen(s)
	}
}

// canLook opens the jail's root at the first call. Where the kernel does not give
// it, or a file server has kept us waiting, files are not told of any more, and the
// result says so.
func (r *run) canLook(pid int, m *notify.Memory) bool {
	if r.looker != nil || r.cantLook != nil {
		return r.cantLook == nil
	}
	user := 0
	if r.ids != nil {
		user = r.ids.target
	}
	l, err := access.NewLooker(pid, r.ids != nil, user, user)
	switch {
	case !m.Valid(): // the caller died, and the pid may be another's: the next one's root is the same
		if err == nil {
			l.Close()
		}
		return false
	case err != nil:
		r.cantLook = err
		return false
	}
	r.looker = l
	r.closers = append(r.closers, l.Close)
	return true
}

// refusal names what keeps a file from the program, and what would change that.
// Nil: nothing does, or the host has no such file either.
func (r *run) refusal(a *access.Access) *notify.Refusal {
	f := &notify.Refusal{Layer: string(policy.LayerRootfs), Errno: a.Errno, Object: quoted(r.cmd.Redact.Redact(a.Name))}
	over := r.over(path.Clean(a.Name))
	switch a.Errno {
	case unix.ENOENT:
		if a.Host == "" || onlyLookedFor(a) || r.layers.image != nil && !a.InCwd {
			return nil
		}
		f.Rule, f.Fix = whyUnseen(a, over)
	case unix.EROFS:
		f.Rule, f.Fix = "view: the system's files are read-only", "write to /box or /tmp"
		if over != nil && over.Kind == policy.FileRO {
			f.Rule, f.Fix = ofFile(over), writable(over)
		}
	case unix.EACCES, unix.EPERM:
		if r.layers.image != nil && over == nil {
			f.Rule, f.Fix = "permissions: the jail's user is no owner of it in the image", "as root, --user root has all owners of the image inside"
			break
		}
		f.Rule, f.Fix = "permissions: the jail's user is no owner of the host's files", "let everybody read it on the host: chmod o+rX "+quoted(a.Name)
		if a.Intent&access.Exec != 0 && !a.Dir {
			f.Fix = "make it executable on the host: chmod a+rx " + quoted(a.Name)
		}
	default:
		return nil
	}
	return f
}

// The bounds of a path that is told, in bytes before it is escaped: with a thousand
// rows the result must stay one that is read (its bound is 4 MiB).
const (
	mostPlain  = 1024
	mostQuoted = 256
)

// quoted gives a path as a flag would have it, and one that a terminal or a log
// could stumble over as a Go literal. A longer one is cut.
func quoted(name string) string {
	for _, c := range []byte(name) {
		if c <= ' ' || c >= 0x7f || c == '"' || c == '\'' || c == '\\' {
			return cut(strconv.QuoteToASCII(name[:min(len(name), mostQuoted)]), len(name) > mostQuoted)
		}
	}
	return cut(name[:min(len(name), mostPlain)], len(name) > mostPlain)
}

func cut(text string, was bool) string {
	if was {
		return text + "..."
	}
	return text
}

// whyUnseen names what to show: where a link leads, and with what lies beside it.
func whyUnseen(a *access.Access, over *policy.File) (rule, fix string) {
	if over != nil && over.Kind != policy.FileRO && over.Kind != policy.FileRW {
		return ofFile(over), "leave it out of the policy"
	}
	if why := access.Secret(a.Host); why != "" {
		return "view: not shown", "nothing shows it on a program's wish: " + why
	}
	if a.InCwd {
		return "view: /box has no more of the working directory than the command line names", "--ro ."
	}
	return "view: not shown", "--ro " + quoted(access.Folder(a.Host))
}

// writable is the flag that shows a file as it is shown now, but writable.
func writable(f *policy.File) string {
	switch name := asWritten(f); {
	case f.Target == "/box":
		return "--rw ."
	case name != f.Source:
		return "--rw " + quoted(name)
	case f.Target == f.Source:
		return "--rw " + quoted(f.Source)
	}
	return "--bind " + quoted(f.Source) + ":" + quoted(f.Target)
}

// onlyLookedFor says whether a program has but asked for a name in its own /tmp,
// which the host may have by chance.
func onlyLookedFor(a *access.Access) bool {
	const use = access.Read | access.Write | access.Exec
	return a.Intent&use == 0 && (within(path.Clean(a.Name), "/tmp") || within(path.Clean(a.Name), "/var/tmp"))
}

// ofFile names a file of the policy, and where that says it.
func ofFile(f *policy.File) string {
	text := "files: " + string(f.Kind) + " " + quoted(f.Target)
	if f.Origin != "" {
		text += " (" + quoted(f.Origin) + ")"
	}
	return text
}
