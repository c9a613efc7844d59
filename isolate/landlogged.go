package isolate

import (
	"strings"
	"time"

	"github.com/jailrun/jail/isolate/landlog"
	"github.com/jailrun/jail/isolate/notify"
	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/isolate/watch"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/policy/seccomp"
	"golang.org/x/sys/unix"
)

// loggedLandlock is the ABI since which Landlock tells the kernel's audit what it
// refuses, Linux 6.15.
const loggedLandlock = 7

// wantsLandlog says whether Landlock's refusals are to be heard of.
func (r *run) wantsLandlog() bool {
	asked := r.cmd.Audit != nil || r.cmd.Watch != WatchNone
	return asked && r.facts.Root && r.facts.Landlock >= loggedLandlock && r.policy.Layers.Level(policy.LayerLandlock) != policy.Off
}

// openLandlog listens to the kernel's audit before the launch. Where that is not to
// be had, files are told of by --explain alone.
func (r *run) openLandlog() {
	if !r.wantsLandlog() {
		return
	}
	l, err := landlog.Open()
	if err != nil {
		return
	}
	r.landlog = l
	r.closers = append(r.closers, l.Close)
}

// hearLandlog is called when the target has told who it is: its domain is named by
// the process that has made it.
func (r *run) hearLandlog() error {
	if r.landlog == nil || r.listener == nil {
		return nil
	}
	r.landlog.Of(r.seen.pid)
	return r.loop.Add(r.landlog.Fd(), watch.In, func(uint32) { r.landlog.Read(r.landlockRefused) })
}

// landlogGrace is how long the last records may take: a kernel thread sends them.
const landlogGrace = 10 * time.Millisecond

// lastOfLandlog takes what comes after the end.
func (r *run) lastOfLandlog() {
	if r.landlog == nil || r.listener == nil {
		return
	}
	fds := [...]unix.PollFd{{Fd: int32(r.landlog.Fd()), Events: unix.POLLIN}}
	for end := time.Now().Add(landlogGrace); time.Now().Before(end); {
		if n, err := unix.Poll(fds[:], int(landlogGrace/time.Millisecond)); n <= 0 && err == nil {
			break
		}
		r.landlog.Read(r.landlockRefused)
	}
	r.landlog.Flush(r.landlockRefused)
}

func (r *run) landlockRefused(x landlog.Refusal) {
	if !r.probed && x.Path == plan.LandlockProbe { // by which the target has proved that Landlock stands
		r.probed = true
		return
	}
	f := notify.Refusal{Layer: string(policy.LayerLandlock), Errno: unix.EACCES, Object: quoted(x.Path), Rule: "landlock: no rule grants " + x.Blockers}
	if strings.HasPrefix(x.Blockers, "scope.") {
		f.Errno = unix.EPERM
	}
	if x.Path != "" {
		f.Fix = landlockFix(x)
	}
	name := ""
	if x.NR >= 0 {
		name = seccomp.Name(int(x.NR))
	}
	r.listener.Note(name, x.PID, f)
}

func landlockFix(x landlog.Refusal) string {
	if strings.HasPrefix(x.Path, "/proc") || strings.HasPrefix(x.Path, "/dev") {
		return "nothing grants it: /proc and /dev are the jail's own"
	}
	return "write to /box or /tmp, or show a folder of yours with --rw"
}
