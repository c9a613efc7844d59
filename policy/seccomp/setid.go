package seccomp

import (
	"slices"

	"golang.org/x/sys/unix"
)

// setID are the permission bits that let a program run as somebody else.
const setID = unix.S_ISUID | unix.S_ISGID

const (
	whySetID = "a set-id file in a folder of the caller's would give his rights to every user of the host"
	fixSetID = "set the bits outside the jail"
)

// A function, not a variable: nothing is computed at start.
func setIDChecks() []Check {
	return slices.Concat(
		withSetID("chmod", 1), withSetID("fchmod", 1), withSetID("fchmodat", 2), withSetID("fchmodat2", 2),
		withSetID("creat", 1), withSetID("mknod", 1), withSetID("mknodat", 2),
		creating("open", 1), creating("openat", 2),
		[]Check{{Call: "openat2", Words: "at all", Why: whySetID, Fix: fixSetID, Answer: Action{Kind: KindErrno, Errno: unix.ENOSYS}}},
	)
}

func withSetID(call string, mode int) []Check {
	return []Check{{
		Call: call, Words: "mode has S_ISUID or S_ISGID", Why: whySetID, Fix: fixSetID,
		When:   []Arg{{Index: mode, Mask: setID, Values: []uint64{0}, Not: true}},
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	}}
}

// creating refuses the mode of an open only where it is read: without O_CREAT
// and O_TMPFILE the argument is whatever the register held.
func creating(call string, flags int) []Check {
	const tmpfile = unix.O_TMPFILE &^ unix.O_DIRECTORY
	return []Check{{
		Call: call, Words: "flags have O_CREAT or O_TMPFILE, and mode has S_ISUID or S_ISGID", Why: whySetID, Fix: fixSetID,
		When: []Arg{
			{Index: flags, Mask: unix.O_CREAT | tmpfile, Values: []uint64{0}, Not: true},
			{Index: flags + 1, Mask: setID, Values: []uint64{0}, Not: true},
		},
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	}}
}
