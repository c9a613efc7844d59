// Package result says how a jail ended: one reason out of a closed set, the
// evidence that decided it, what was used, and which walls were in force.
//
// A Result is a value. Nothing here touches the kernel: the supervisor gathers
// an [Evidence], and [Decide], [ExitStatus] and [Sentence] are pure functions
// of what it found. docs/result.md is printed from this package's comments and
// from the table behind [Reasons], so the two can't differ.
package result

import (
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/jailrun/jail/policy"
)

// Schema is the value of every result's "schema". A field may be added under
// the same schema; one that changes its meaning or goes gets a new one.
const Schema = "jail.result/v1"

// Result is the account of one run. Its JSON form is one object on one line,
// its keys always all there and always in this order; what the host could not
// tell is null.
type Result struct {
	Schema           string   `json:"schema"`            // always "jail.result/v1"
	ID               string   `json:"id"`                // the run's id, unique on the host; "" where a mistake on the command line or in a policy kept it from being tried
	Reason           Reason   `json:"reason"`            // why the run ended; see the table of reasons
	ExitCode         *int     `json:"exit_code"`         // status the program exited with, 0–255; null unless the reason is "exited"
	Signal           *int     `json:"signal"`            // number of the signal the program died of, whoever sent it; null when it died of none
	SignalName       *string  `json:"signal_name"`       // the same by name, as "SIGSEGV"; null together with signal
	Usage            Usage    `json:"usage"`             // what the whole jail used
	Limits           Limits   `json:"limits"`            // what it might have used: the resolved bounds
	Cores            *Cores   `json:"cores"`             // the CPUs that it was given; null where no launch came so far
	Enforced         Enforced `json:"enforced"`          // the walls, as read back for this very process
	Denials          []Denial `json:"denials"`           // what was refused, like calls counted together, in order of first sight
	DenialsTruncated bool     `json:"denials_truncated"` // more was refused than the list may hold
	Watched          Watched  `json:"watched"`           // how closely the program was watched
	WatchError       *string  `json:"watch_error"`       // why its files could not be looked at; null when they were, or were not to be
	Image            *Image   `json:"image"`             // what it saw instead of the host's system; null for that
	State            *string  `json:"state"`             // the name under which its changes are kept; null when they are not
	StateError       *string  `json:"state_error"`       // why some of them are lost; null when they are not
	Copied           []Copied `json:"copied"`            // what was copied in and out, in order; null when nothing was to be
	Evidence         Evidence `json:"evidence"`          // the facts that decided the reason
	Output           Output   `json:"output"`            // what came out of the program's streams
	PolicyDigest     string   `json:"policy_digest"`     // "sha256:" and the digest of the resolved policy; "" when none could be resolved
	Error            *Failure `json:"error"`             // what went wrong; null unless the reason is "setup-failed" or "internal"
}

// Watched is how closely a program was watched.
type Watched string

// The values of Watched.
const (
	WatchedNo      Watched = ""        // suspicious calls only
	WatchedExplain Watched = "explain" // and files that it named, and all calls that were refused (--explain)
	WatchedLearn   Watched = "learn"   // the same, and calls that a policy could allow went on (jail learn)
)

// Denial is one kind of refusal. Equal refusals are counted, not repeated.
type Denial struct {
	Layer   policy.Layer `json:"layer"`    // the wall that refused, a key of enforced
	Syscall string       `json:"syscall"`  // the call's name, or its number where it has none
	Object  string       `json:"object"`   // what it was about: a path, an address, a namespace; "" when it can't be known
	Errno   Errno        `json:"errno"`    // what the program got, as "EPERM"; "" when the call was not answered
	Count   int64        `json:"count"`    // how often; before Linux 5.19 a call that a signal interrupted is counted again
	Rule    string       `json:"rule"`     // the rule that refused it
	Fix     string       `json:"fix"`      // the flag or policy key that would allow it; "" when nothing would
	Args    []Word       `json:"args"`     // the six arguments of the first call, hexadecimal; null when they were not seen
	FirstNS int64        `json:"first_ns"` // when it was first seen, nanoseconds after the start
	LastNS  int64        `json:"last_ns"`  // when it was last seen, nanoseconds after the start
	PID     int          `json:"pid"`      // the first caller's process id, as the host counts
}

// Output counts the bytes that came out of the program; where both streams go to
// one place, they are counted as standard output. A program whose output
// can't be delivered gets SIGPIPE or EPIPE at its next write, as in any
// pipeline.
type Output struct {
	StdoutBytes     int64   `json:"stdout_bytes"`     // bytes passed on from standard output
	StdoutTruncated bool    `json:"stdout_truncated"` // the program wrote more than the bound of output
	StdoutError     *string `json:"stdout_error"`     // why not all could be delivered: the errno's name, as "ENOSPC", or "EPIPE" when the reader was gone; the error's text where it has none; null when nothing failed
	StderrBytes     int64   `json:"stderr_bytes"`     // bytes passed on from standard error
	StderrTruncated bool    `json:"stderr_truncated"` // the program wrote more than the bound of output
	StderrError     *string `json:"stderr_error"`     // as stdout_error
	StdinError      *string `json:"stdin_error"`      // why the program's input ended early: reading it failed; null when nothing failed
}

// Failure is a fault of the jail, not of the program. It is the error value's
// fields in a form that outlives the process.
type Failure struct {
	Op    string       `json:"op"`    // the operation, as "mount"
	Layer policy.Layer `json:"layer"` // the wall it belongs to, a key of enforced; "" when it is none's
	Step  string       `json:"step"`  // the step of the plan, in words
	Errno Errno        `json:"errno"` // the kernel's answer, as "EINVAL"; "" when the kernel was not asked
	Text  string       `json:"text"`  // the whole error with its hint, for a person
	Hint  string       `json:"hint"`  // what to do about it; "" when nothing is known
}

// New returns a result for the run id in which nothing is known yet: every
// wall absent, and (if it were concluded now) the reason internal.
func New(id string) *Result {
	r := &Result{Schema: Schema, ID: id, Reason: Internal, Denials: []Denial{}}
	for _, l := range layers {
		*r.Enforced.At(l) = Wall{State: StateAbsent, Detail: "not reached"}
	}
	return r
}

// Conclude fills in Reason, ExitCode, Signal and SignalName from the evidence,
// and drops an Error that is not the reason: a launch that met a limit fails at
// some step too. It is the last thing done to a result, and doing it twice
// changes nothing.
func (r *Result) Conclude() {
	r.Reason = Decide(r.Evidence)
	if r.Reason != SetupFailed && r.Reason != Internal {
		r.Error = nil
	}
	r.ExitCode, r.Signal, r.SignalName = nil, nil, nil
	if !r.Evidence.Started || r.Evidence.WaitStatus == nil {
		return
	}
	ws := *r.Evidence.WaitStatus
	if r.Reason == Exited {
		r.ExitCode = new(ws.ExitStatus())
	}
	if ws.Signaled() {
		r.Signal = new(int(ws.Signal()))
		r.SignalName = new(signalName(ws.Signal()))
	}
}

// signalName names a real-time signal by its distance from the first that libc
// gives out: signal(7).
func signalName(s unix.Signal) string {
	const rtMin = 34
	if name := unix.SignalName(s); name != "" {
		return name
	}
	if s == rtMin {
		return "SIGRTMIN"
	}
	if s > rtMin {
		return "SIGRTMIN+" + strconv.Itoa(int(s-rtMin))
	}
	return "signal " + strconv.Itoa(int(s))
}
