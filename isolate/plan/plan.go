// Package plan turns a policy and the host's facts into the tape of a launch.
// Compile is a pure function: it touches nothing, and its result can be
// printed, compared and verified without root.
package plan

import (
	"time"

	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/rootfs"
)

// Ids inside the jail.
const (
	InitID      = 1              // PID 1's, where two ids can be mapped
	RangeInitID = host.RangeSize // PID 1's where the program's namespace has all ids below
)

// Descriptors that the supervisor passes to the stage.
const (
	FdCtl      = 3 // SEQPACKET: born, fail, died; end-of-file when the supervisor dies
	FdLock     = 4 // the lock on the run's ids: held until the last process is gone
	FdTarget   = 5 // SEQPACKET of the target alone; its close-on-exec tells success
	FdTwin     = 6 // directory of the cgroup v2 group to be cloned into
	FdNet      = 7 // SEQPACKET by which init gets its network namespace
	FdNetStage = 8 // the stage's end of it
	FirstFree  = 9 // passed sources follow
)

// Input is what a plan is made from.
type Input struct {
	Policy  *policy.Policy // resolved and validated
	Facts   *host.Facts
	View    rootfs.View
	Sources []Source // of policy.Files, in the same order
	Folders []Folder // of those named files that are not copied
	Named   []Named  // single files shown in /box
	Mounts  []Mount  // the host's, where the kernel has no mount_setattr
	Layers  []Layers // overlays that the program may write to
	Uppers  *Uppers  // where what it writes to them is kept; nil: in the quota, for as long as it runs

	Argv []string
	Env  []string

	Filter     string // the target's seccomp program, struct sock_filter each
	InitFilter string // PID 1's
	Listener   bool   // the filter reports to a listener
	Hold       bool   // the program waits until the supervisor has put files in
	LogDenials bool   // Landlock tells the kernel's audit what it refuses the program

	HostTarget, HostInit int    // the run's own ids, where Facts.Root
	Range                bool   // HostTarget is one of a range that the program's namespace has
	Scratch              string // a folder of the run's own, where it can't have a root of its own

	Procs     int           // groups to join: how many descriptors for that will be sent
	Twin      bool          // FdTwin is a cgroup v2 directory
	Monotonic time.Duration // the clocks now, which a time namespace takes away
	Boottime  time.Duration
	CPUSet    []byte // affinity mask, or nil to keep the caller's
	Beside    int64  // the user's tasks beside the jail, where RLIMIT_NPROC counts them too
}

// Source is where one of the policy's files comes from.
type Source struct {
	Skip bool // optional and absent
	Fd   int  // a detached tree made by the supervisor, or -1: open the path
	Dir  bool
	Made bool   // the mount point has to be made (it never is inside a writable bind)
	Dev  uint64 // which file it is
	Ino  uint64
	Real string // the path on the host with all links resolved; "": the policy's own
}

// path is where a source that wasn't passed is opened.
func (s *Source) path(f *policy.File) string {
	if s.Real != "" {
		return s.Real
	}
	return f.Source
}

// Named is a file of the caller's that is copied into the view.
type Named struct {
	Name   string // in /box, and in its folder
	Fd     int
	Mode   uint32
	Size   int64 // bytes, when it was looked at
	Folder int   // index in Input.Folders, or -1: copied
}

// Plan is a compiled launch.
type Plan struct {
	*tape.Tape
	Candidates []string // paths that execve tries, in order
	Rlimits    []Rlimit
	StageFirst bool    // the target waits to be told that the stage is reaped
	demands    Demands // what Verify holds the tape to
}

// Played is what is still asked of a plan whose program runs: without the tape,
// which is the most of a jail's memory in its supervisor. Compile gives it again.
func (p *Plan) Played() *Plan {
	return &Plan{Tape: &tape.Tape{}, Candidates: p.Candidates, Rlimits: p.Rlimits}
}

// Compile makes the plan. It fails only on what no launch could be made of;
// what the host lacks is decided by each layer's level.
func Compile(in *Input) (*Plan, error) {
	b := newBuilder(in)
	b.stage()
	b.init()
	b.target()
	t, err := b.Finish()
	if err != nil {
		return nil, err
	}
	return &Plan{Tape: t, Candidates: b.candidates, Rlimits: Rlimits(in), StageFirst: countsStage(in), demands: demandsOf(in)}, nil
}

// builder carries what the chapters of a plan share.
type builder struct {
	*tape.Builder
	in         *Input
	candidates []string
	devs       []device
	etc        tape.Addr   // the host's /etc, 0 where nothing is bound out of it
	folders    []tape.Addr // of large named files
	trees      []tape.Addr // of Input.Layers
	uppers     tape.Addr
	baseD      tape.Addr            // of any root in which there are overlays, else 0
	spots      map[string]tape.Addr // folders opened inside it

	initStart   tape.Label
	targetStart tape.Label
	initDead    tape.Label // init's end, and with it that of its pid namespace

	released tape.Addr // eventfd: init has dropped its privileges
	children tape.Addr // signalfd
	backstop tape.Addr // timerfd, 0 without a wall limit
	stagingD tape.Addr // O_PATH descriptor of the staging directory, for Landlock's probe

	settingsD tape.Addr // of the /proc for settings
	box       tape.Addr // O_PATH descriptor of the quota's file system, 0 without a root
	pid       tape.Addr // the target's, inside
	seen      tape.Addr // the read-back message

	mountParts tape.Addr // of a root that is an overlay: an iovec of each piece of the read-back
}

func newBuilder(in *Input) *builder {
	b := &builder{Builder: tape.NewBuilder(), in: in}
	b.initStart, b.targetStart, b.initDead = b.NewLabel(), b.NewLabel(), b.NewLabel()
	b.seen = b.Var(SeenSize)
	b.SetVar(tape.ErrTag, MsgFail)
	return b
}

// on says whether a layer is wanted, and can be had here.
func (b *builder) on(l policy.Layer) bool {
	return b.in.Policy.Layers.Level(l) != policy.Off && b.in.Facts.Has(l)
}

func (b *builder) require(l policy.Layer) bool { return b.in.Policy.Layers.Level(l) == policy.Require }

// layer names the layer of the ops that follow, and says whether it is on.
func (b *builder) layer(l policy.Layer) bool {
	b.InLayer(string(l))
	return b.on(l)
}

// targetID is the program's id, as it sees it itself.
func (b *builder) targetID() uint64 {
	switch {
	case b.on(policy.LayerUserNS):
		return uint64(b.in.Policy.ProgramID())
	case b.in.Facts.Root:
		return uint64(b.in.HostTarget)
	}
	return uint64(b.in.Facts.UID)
}

// InitID is PID 1's id inside a user namespace in which it has one of its own.
func (in *Input) InitID() int {
	if in.Range {
		return RangeInitID
	}
	return InitID
}

// Keeps gives the capabilities that the program is to have, as a set.
func (in *Input) Keeps() (set uint64) {
	for _, name := range in.Policy.Capabilities {
		for c := range capabilities {
			if capabilities[c].name == "CAP_"+name {
				set |= 1 << capabilities[c].value
			}
		}
	}
	return set
}

// initID is PID 1's id, as it sees it itself.
func (b *builder) initID() uint64 {
	switch {
	case !b.in.Facts.Root:
		return b.targetID()
	case b.on(policy.LayerUserNS):
		return uint64(b.in.InitID())
	}
	return uint64(b.in.HostInit)
}

// gids are the same but for an ordinary user in the host's own namespace.
func (b *builder) gid(uid uint64) uint64 {
	if !b.in.Facts.Root && !b.on(policy.LayerUserNS) {
		return uint64(b.in.Facts.GID)
	}
	return uid
}

// changesIDs says whether there is another id to become. An ordinary user's
// process has the only one that its own user namespace maps.
func (b *builder) changesIDs() bool { return b.in.Facts.Root || !b.on(policy.LayerUserNS) }

// report sends the error cell over a socket and ends the process.
func (b *builder) report(fd uint64) {
	b.Call("report the error", sysWrite, fd, uint64(tape.ErrTag), 24).Soft()
	b.Call("exit after an error", sysExitGroup, 125).Soft()
}
