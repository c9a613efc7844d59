package isolate

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// The ladder of what a host gives: namespaces by a user namespace of the run's
// own; namespaces by CAP_SYS_ADMIN; none, where Landlock, seccomp and limits
// must do. A rung down is taken only where the policy says try.

// forbidden says whether a launch failed because user namespaces are forbidden,
// and the policy lets it go on without.
func (r *run) forbidden(err error) bool {
	var le *LaunchError
	if !errors.As(err, &le) || r.facts == nil || !r.facts.UserNS || !refusesNamespace(le) {
		return false
	}
	if r.mayClimb() {
		return true
	}
	le.Hint = noNamespaceHint(r.facts, r.policy)
	return false
}

// withLess gives a run that asks less of the host than one that failed, or nil:
// each time one layer less that the policy lets go.
func (r *run) withLess(err error) *run {
	less := newRun(r.cmd)
	less.facts, less.noGroup = r.facts, r.noGroup
	switch {
	case r.facts == nil || mutating():
		return nil
	case r.forbidden(err):
		if !errors.Is(err, unix.ENOSPC) { // a limit that is reached now may not be at the next launch
			r.machine.lacksUserNS()
		}
		less.facts = r.facts.WithoutUserNS()
	case r.groupFailed(err):
		less.noGroup = err
	default:
		return nil
	}
	return less
}

// groupFailed says whether a launch failed at a group that it can do without.
// It starts anew then: a plan that reckons with a group limits memory and
// processes by nothing else.
func (r *run) groupFailed(err error) bool {
	var le *LaunchError
	return errors.As(err, &le) && le.Layer == policy.LayerCgroup && r.mayUngroup()
}

// mayUngroup says whether a launch may be tried again without groups.
func (r *run) mayUngroup() bool {
	return r.noGroup == nil && r.policy.Layers.Level(policy.LayerCgroup) == policy.Try
}

// mayClimb says whether a launch may be tried again without a user namespace.
func (r *run) mayClimb() bool {
	return r.facts.UserNS && !mutating() && r.policy.Layers.Level(policy.LayerUserNS) == policy.Try
}

// refusesNamespace knows a refusal by the step: the clone, or, where a security
// module gives a namespace without its capabilities, the first mount.
func refusesNamespace(le *LaunchError) bool {
	if !strings.HasPrefix(le.Step, stepClone) && le.Step != stepPrivate {
		return false
	}
	for _, e := range [...]unix.Errno{unix.EPERM, unix.EACCES, unix.ENOSPC, unix.EINVAL, unix.ENOSYS} {
		if errors.Is(le.Err, e) {
			return true
		}
	}
	return false
}

const (
	stepClone   = "clone pid 1"
	stepPrivate = "make mounts private"

	stepRegained = "see that root could be regained"
	stepMDWE     = "deny writable and executable memory"
)

// noNamespaceHint names the flags that let a launch go on.
func noNamespaceHint(f *host.Facts, p *policy.Policy) string {
	without := f.WithoutUserNS()
	hint := "user namespaces are forbidden here (a sysctl, AppArmor, or the outer container: see \"jail doctor\"); to go on without:"
	for _, in := range policy.AllLayers() {
		if !without.Has(in.Name) && p.Layers.Level(in.Name) == policy.Require {
			hint += " --try " + string(in.Name)
		}
	}
	return hint
}

// precheck refuses a launch for a required layer that is known to be absent,
// before anything of the program runs.
func (r *run) precheck() error {
	if err := r.precheckSignals(); err != nil {
		return err
	}
	for _, in := range policy.AllLayers() {
		if r.policy.Layers.Level(in.Name) != policy.Require {
			continue
		}
		if err := r.known(in.Name); err != nil {
			hint := tryHint(in.Name)
			if !r.facts.Has(in.Name) {
				hint = noNamespaceHint(r.facts, r.policy)
			}
			return &LaunchError{Op: "launch", Index: -1, Layer: in.Name, Err: err, Hint: hint}
		}
	}
	return nil
}

// scopedSignals is the ABI since which Landlock keeps signals in the jail, Linux
// 6.12.
const scopedSignals = 6

// precheckSignals refuses a program that could end its caller's processes, and
// its supervisor with them, by one kill(-1).
func (r *run) precheckSignals() error {
	if r.facts.Has(policy.LayerPidNS) || r.facts.Landlock >= scopedSignals && r.policy.Layers.Level(policy.LayerLandlock) != policy.Off {
		return nil
	}
	return &LaunchError{Op: "launch", Index: -1, Layer: policy.LayerPidNS, Err: errNoNamespace,
		Hint: "without a pid namespace nothing but Landlock of Linux 6.12 keeps the program's signals from your other processes: run jail as root, or allow user namespaces, and leave landlock on"}
}

// known says why a layer can't be had, as far as the host's facts tell.
func (r *run) known(l policy.Layer) error {
	switch {
	case !r.facts.Has(l):
		return errNoNamespace
	case l == policy.LayerLandlock && r.facts.Landlock == 0:
		return errNoLandlock
	case l == policy.LayerTimeNS && !r.facts.TimeNS:
		return errNoTimeNS
	}
	return nil
}

var (
	errNoNamespace = errors.New("no user namespace can be made here")
	errNoLandlock  = errors.New("the kernel has no Landlock (Linux 5.13, CONFIG_SECURITY_LANDLOCK, and \"landlock\" in lsm=)")
	errNoTimeNS    = errors.New("the kernel has no time namespaces (Linux 5.6, CONFIG_TIME_NS)")
)

// makeScratch makes the folder that stands in for /box and /tmp where the
// program sees the host's tree, and puts the files of the command line there.
func (r *run) makeScratch() error {
	dir, err := r.scratchDir()
	if err == nil {
		err = r.fillScratch(dir)
	}
	if err != nil {
		return &LaunchError{Op: "make a folder for the run", Index: -1, Layer: policy.LayerRootfs, Err: err}
	}
	r.scratch = dir
	return nil
}

// scratchDir makes a folder that is owned by its name, so that GC knows whose it
// was. Nobody else can have taken the name: it holds our start time, and the
// folder's parent is sticky.
func (r *run) scratchDir() (string, error) {
	n, err := cgroup.OwnName(runs.Add(1))
	if err != nil {
		return "", err
	}
	dir := filepath.Join(os.TempDir(), n.String())
	if err := os.Mkdir(dir, 0o711); err != nil {
		return "", err
	}
	lock, err := lockFolder(dir)
	r.closers = append(r.closers, func() {
		_ = removeFolder(dir) // what is left by an error here is jail gc's, by its name
		lock.Close()
	})
	return dir, err
}

func (r *run) fillScratch(dir string) error {
	if err := os.WriteFile(filepath.Join(dir, "probe"), nil, 0o444); err != nil {
		return err
	}
	box := filepath.Join(dir, "box")
	if err := os.Mkdir(box, 0o700); err != nil {
		return err
	}
	for _, n := range r.found.named {
		if err := copyTo(n.Fd, filepath.Join(box, n.Name), os.FileMode(n.Mode)); err != nil {
			return err
		}
	}
	if r.ids == nil {
		return nil
	}
	return os.Chown(box, r.ids.target, r.ids.target)
}

func copyTo(fd int, path string, mode os.FileMode) error {
	to, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	defer to.Close()
	for {
		n, err := unix.Sendfile(int(to.Fd()), fd, nil, 1<<30)
		if n == 0 || err != nil {
			return err
		}
	}
}

// endStrays kills what outlives the target, until init has gone.
func (r *run) endStrays() {
	if r.facts.Has(policy.LayerPidNS) {
		return
	}
	r.killStrays()
	r.every(strayLook, func() bool {
		r.killStrays()
		return !r.gone
	})
}

// strayLook is how often new strays are looked for: a process may fork while
// its parent is being killed.
const strayLook = 10 * time.Millisecond

// killStrays ends what outlives the target where there is no pid namespace to
// end with it: init adopts orphans, so they are all below it.
func (r *run) killStrays() {
	if r.facts.Has(policy.LayerPidNS) || r.initPID == 0 || r.gone {
		return
	}
	for _, pid := range descendants(r.initPID)[1:] {
		r.signalBelow(pid, unix.SIGKILL)
	}
}

// signalBelow signals a process of the jail's. It is looked at when a descriptor
// holds it: init may have reaped it, and its number be somebody else's.
func (r *run) signalBelow(pid int, s unix.Signal) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if isBelow(pid, r.initPID) {
		_ = unix.PidfdSendSignal(fd, s, nil, 0)
	}
}

// isBelow says whether a process has another one among its ancestors.
func isBelow(pid, root int) bool {
	for range 4096 {
		ppid := parentOf(pid)
		if ppid == root {
			return true
		}
		if ppid <= 1 {
			return false
		}
		pid = ppid
	}
	return false
}

func parentOf(pid int) int {
	p, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	f := strings.Fields(string(p[strings.LastIndexByte(string(p), ')')+1:]))
	if len(f) < 2 {
		return 0
	}
	n, _ := strconv.Atoi(f[1])
	return n
}
