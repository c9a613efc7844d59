package result

import "golang.org/x/sys/unix"

// Cause says why the jail itself ended the run. The zero value means that it
// did not.
type Cause string

// The causes. Only the first is kept: what comes after it is its consequence.
const (
	CauseCanceled   Cause = "canceled"   // the caller asked: a context, a signal to jail
	CauseOutput     Cause = "output"     // more bytes than the bound came out of stdout or stderr
	CauseCPU        Cause = "cpu"        // CPU usage passed its limit
	CauseWall       Cause = "wall"       // the clock passed its limit
	CauseIdle       Cause = "idle"       // neither CPU nor a byte for the window
	CauseMemory     Cause = "memory"     // after an OOM kill in the group, or where there is no group: the sampled sum passed the limit
	CausePids       Cause = "pids"       // the pids limit was met, and pids_action is "kill"
	CauseDisk       Cause = "disk"       // the disk was full, and disk_action is "kill"
	CauseSyscall    Cause = "syscall"    // the listener saw a call of a foreign architecture
	CauseSuspicious Cause = "suspicious" // the listener saw a suspicious call, and the policy says kill
	CauseLaunch     Cause = "launch"     // the launch failed at a step, or did not come to exec before its deadline
	CauseInternal   Cause = "internal"   // the supervisor could not go on watching
)

// Evidence is all that [Decide] may weigh, and what a reader needs to check
// its verdict. Counters are of this run alone: a group that is used again
// gives differences. Null means that the host can't tell, or that it did not
// happen.
type Evidence struct {
	Started            bool             `json:"started"`               // exec succeeded: the program's own code ran
	WaitStatus         *unix.WaitStatus `json:"wait_status"`           // the target's status as wait(2) encodes it; null when it was never waited for
	Killed             Cause            `json:"killed"`                // why the jail ended the run; "" when it did not. Set once that is decided, even if the program was quicker to exit
	CPUNS              *int64           `json:"cpu_ns"`                // CPU time used when the end was decided, nanoseconds
	CPULimitNS         *int64           `json:"cpu_limit_ns"`          // its limit
	WallNS             *int64           `json:"wall_ns"`               // time on the clock when the end was decided, nanoseconds
	WallLimitNS        *int64           `json:"wall_limit_ns"`         // its limit
	OOMKills           *int64           `json:"oom_kills"`             // the group's oom_kill counter
	OOMVictim          bool             `json:"oom_victim"`            // a task of this jail was a victim: the counter is that of the jail's own group, in which init is not
	MemoryFailcnt      *int64           `json:"memory_failcnt"`        // how often the memory limit was met: failcnt (v1) or memory.events max (v2). By itself it decides nothing
	MemoryGroup        *string          `json:"memory_group"`          // the group of jails for whose memory limit a task was ended; null for none
	PidsMaxEvents      *int64           `json:"pids_max_events"`       // how often the pids limit refused a task: pids.events max
	Box                *Space           `json:"box"`                   // room in /box, /tmp and /dev/shm when the program had ended, with what it changed of the system where that is not kept
	State              *Space           `json:"state"`                 // room in the state that keeps what it changed, likewise; null without one
	FileSizeLimitBytes *int64           `json:"file_size_limit_bytes"` // RLIMIT_FSIZE, bytes; null when it was not set
	Call               *Call            `json:"call"`                  // the system call that the listener killed for
	Setup              *Setup           `json:"setup"`                 // the step at which the launch failed
	LastWords          []LastWord       `json:"last_words"`            // what threads of the jail were doing just before it was ended for a limit or a call, the program's own process first, 16 at most; null when it was not
	LastWordsMore      *int64           `json:"last_words_more"`       // threads that were seen and are not listed; null together with last_words
}

// Space is the room of a file system: statfs(2).
type Space struct {
	Blocks     int64 `json:"blocks"`      // blocks in all; 0 when it has no bound
	BlocksFree int64 `json:"blocks_free"` // blocks free
	Inodes     int64 `json:"inodes"`      // inodes in all; 0 when it has no bound
	InodesFree int64 `json:"inodes_free"` // inodes free
}

// Full says whether the next write, or the next new file, would be ENOSPC.
func (s *Space) Full() bool {
	return s != nil && (s.NoBlocks() || s.NoInodes())
}

// NoBlocks says whether the next write would be.
func (s *Space) NoBlocks() bool { return s.Blocks > 0 && s.BlocksFree <= 0 }

// NoInodes says whether the next new file would be.
func (s *Space) NoInodes() bool { return s.Inodes > 0 && s.InodesFree <= 0 }

// Call is a system call as the seccomp listener saw it.
type Call struct {
	Arch string `json:"arch"` // "x86_64", "x32", "i386", "aarch64", "arm", or AUDIT_ARCH in hexadecimal
	NR   int64  `json:"nr"`   // its number in that architecture
	Name string `json:"name"` // its name; "" when it has none that is known
	PID  int    `json:"pid"`  // the caller's process id, as the host counts
}

// Setup is the step at which a launch failed.
type Setup struct {
	Index int    `json:"index"` // the tape's op, counted from 0; -1 when the tape had not begun
	Step  string `json:"step"`  // the step in words
	Errno Errno  `json:"errno"` // the kernel's answer, as "ENOENT"; "" when the kernel was not asked
	Exec  bool   `json:"exec"`  // the step was the exec of the program itself: all walls stood
}

// died is whether the program was ended by a signal that the jail did not send.
func (e *Evidence) died() bool {
	return e.ran() && e.WaitStatus.Signaled()
}

// ran is whether the program's own end is known, and is its own.
func (e *Evidence) ran() bool {
	return e.Started && e.Killed == "" && e.WaitStatus != nil
}

// diedOf is whether it was ended by this signal, and the jail did not send it.
func (e *Evidence) diedOf(s unix.Signal) bool {
	return e.died() && e.WaitStatus.Signal() == s
}

// reached is whether a figure and its bound are known, and the bound was met.
func reached(used, limit *int64) bool {
	return used != nil && limit != nil && *used >= *limit
}
