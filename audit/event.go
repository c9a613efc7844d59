// Package audit keeps a record of what jails did: one JSON line an event, in a
// file that only grows, that many processes append to at once, and in which each
// line carries the hash of the line before. docs/audit.md is printed from this
// package's comments and tables.
//
// What the chain proves: whoever has the hash of one line (FILE.head holds that
// of the last) can tell whether any line up to it was edited, removed, inserted
// or moved. Without a key, one who may write to both FILE and FILE.head can write
// another log in its place, and nothing here can tell. With a key, which signs the
// head and a checkpoint now and then, he can't, unless he has the key; what he
// can do is put back an older FILE together with its own older head. So copy
// heads to where he can't write.
//
// What a kill at any instant leaves: whole lines, of which the last may stand
// behind what the head says, and half a line. The next writer keeps the former,
// cuts off the latter, and says so in a recover event. Nothing is synced to the
// disk unless Options.Sync asks for it.
package audit

import "time"

// Schema is the value of every line's "schema".
const Schema = "jail.audit/v1"

// Event is something that happened. Its type is that of its detail.
type Event struct {
	Time     time.Time // when it happened; zero: now
	MonoNS   int64     // the same by CLOCK_MONOTONIC; zero: now
	Jail     string    // the id of the jail's result
	PID      int       // as the host counts; 0: unknown, or of no process
	InnerPID int       // as the jail counts; 0: unknown
	Program  string    // what was asked to be run
	Policy   string    // digest of the policy in force
	Detail   Detail    // a *Launch, *Exec, *Denial …
}

// Detail is what an event of one type says. Only the types of this package are.
type Detail interface {
	Type() Type
	visit(fields)
}

// lineKeys is the keys of every line, in this order; docs/audit.md has them from here.
type lineKeys struct {
	_ string `key:"schema"`    // jail.audit/v1; keys may be added under the same schema
	_ uint64 `key:"seq"`       // the line's number in the log, from 1, without a gap, also over rotated files
	_ string `key:"prev"`      // SHA-256 of the whole line before, without its newline, in hexadecimal; of the first line, zeros
	_ string `key:"type"`      // what kind of thing happened
	_ string `key:"time"`      // when: RFC 3339 in UTC, to the nanosecond
	_ int64  `key:"mono_ns"`   // the same by CLOCK_MONOTONIC, which nobody can set
	_ string `key:"jail"`      // the id of the jail's result; "" for the log's own
	_ int    `key:"pid"`       // the process, as the host counts; 0 when unknown
	_ int    `key:"inner_pid"` // the process, as the jail counts; 0 when unknown
	_ string `key:"program"`   // what was asked to be run
	_ string `key:"policy"`    // digest of the policy in force
	_ Detail `key:"detail"`    // what the type has to say
	_ bool   `key:"truncated"` // a text or a list in this line was cut at its bound
}

// Launch is the detail of a launch.
type Launch struct {
	Argv   []string `key:"argv"`   // the program and its arguments
	UID    int      `key:"uid"`    // the caller's user id
	Tenant string   `key:"tenant"` // whose run it is; "" when none was named
	Labels []string `key:"labels"` // words of the caller's, as KEY=VALUE
}

// Exec is the detail of an exec.
type Exec struct {
	File     string   `key:"file"`     // the file that is executed, as the jail sees it
	Enforced []string `key:"enforced"` // the walls that the kernel has confirmed
}

// Denial is the detail of a denial, as in the result.
type Denial struct {
	Layer   string   `key:"layer"`    // the wall that refused
	Syscall string   `key:"syscall"`  // the call's name, or its number where it has none
	Object  string   `key:"object"`   // what it was about; "" when it can't be known
	Args    []uint64 `key:"args"`     // the call's six arguments, in hexadecimal; empty when they were not seen
	Errno   string   `key:"errno"`    // what the program got; "" when the call was not answered
	Count   int64    `key:"count"`    // how often, but for those of an earlier line about the same
	Rule    string   `key:"rule"`     // the rule that refused it
	Fix     string   `key:"fix"`      // the flag or policy key that would allow it; "" when nothing would
	FirstNS int64    `key:"first_ns"` // when it was first seen, nanoseconds after the start
	LastNS  int64    `key:"last_ns"`  // when it was last seen
}

// Limit is the detail of a limit.
type Limit struct {
	Name  string `key:"name"`  // which limit, as its flag is called
	Limit int64  `key:"limit"` // its bound, in nanoseconds, bytes or a number
	Value int64  `key:"value"` // what was used, in the same unit
}

// Verdict is the detail of a verdict, as in the result.
type Verdict struct {
	Reason   string `key:"reason"`    // one of the result's reasons
	ExitCode *int   `key:"exit_code"` // the status that the program exited with; null when it did not
	Signal   *int   `key:"signal"`    // the signal that it died of; null when it did not
}

// Kill is the detail of a kill.
type Kill struct {
	Cause string `key:"cause"` // why
}

// Cleanup is the detail of a cleanup.
type Cleanup struct {
	Removed []string `key:"removed"` // what is gone
	Error   string   `key:"error"`   // what could not be removed, and why; "" when nothing is left
}

// Tamper is the detail of a tamper event.
type Tamper struct {
	What string `key:"what"` // what was found
}

// Drop is the detail of a drop.
type Drop struct {
	Count int64 `key:"count"` // events that are lost
}

// Recover is the detail of a recover event.
type Recover struct {
	Lines    int64  `key:"lines"`     // whole lines that stood behind the head, and are kept
	CutBytes int64  `key:"cut_bytes"` // length of half a line that was cut off
	Cut      string `key:"cut"`       // its text, if there was one
}

// Rotate is the detail of a rotate event.
type Rotate struct {
	Kept int `key:"kept"` // older files that were there then: FILE.1 up to this number
}

// Checkpoint is the detail of a checkpoint.
type Checkpoint struct {
	Note string `key:"note"` // signed text: the number and hash of the line before this one
}

// Type names the set's member; the same goes for the other details.
func (*Launch) Type() Type     { return TypeLaunch }
func (*Exec) Type() Type       { return TypeExec }
func (*Denial) Type() Type     { return TypeDenial }
func (*Limit) Type() Type      { return TypeLimit }
func (*Verdict) Type() Type    { return TypeVerdict }
func (*Kill) Type() Type       { return TypeKill }
func (*Cleanup) Type() Type    { return TypeCleanup }
func (*Tamper) Type() Type     { return TypeTamper }
func (*Drop) Type() Type       { return TypeDrop }
func (*Recover) Type() Type    { return TypeRecover }
func (*Rotate) Type() Type     { return TypeRotate }
func (*Checkpoint) Type() Type { return TypeCheckpoint }
