package cgroup

import (
	"bytes"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const namePrefix = "jail-"

// Name is the name of a group, which says who owns it: a process id alone is
// reused, with its start time it is not.
type Name struct {
	PID   int    // of the supervisor, in its pid namespace
	Start uint64 // its start time, field 22 of /proc/PID/stat, in clock ticks since boot
	Seq   uint64 // which of its groups; 0 is the supervisor's own seat (see seat.go)
}

// String is the directory's name, jail-PID-START-SEQ.
func (n Name) String() string {
	b := make([]byte, 0, 48)
	b = append(b, namePrefix...)
	b = strconv.AppendInt(b, int64(n.PID), 10)
	b = append(b, '-')
	b = strconv.AppendUint(b, n.Start, 10)
	b = append(b, '-')
	b = strconv.AppendUint(b, n.Seq, 10)
	return string(b)
}

// ParseName reads a directory's name. Only the exact form that String prints is
// a name: whatever differs by one byte is somebody else's.
func ParseName(s string) (Name, bool) {
	rest, ok := strings.CutPrefix(s, namePrefix)
	if !ok {
		return Name{}, false
	}
	pid, rest, _ := strings.Cut(rest, "-")
	start, seq, _ := strings.Cut(rest, "-")
	var n Name
	var err [3]error
	n.PID, err[0] = strconv.Atoi(pid)
	n.Start, err[1] = strconv.ParseUint(start, 10, 64)
	n.Seq, err[2] = strconv.ParseUint(seq, 10, 64)
	if err != [3]error{} || n.PID <= 0 || n.String() != s {
		return Name{}, false
	}
	return n, true
}

// ownerGone reports whether the process that the name tells of has ended. When
// in doubt it lives.
func (n Name) ownerGone() bool {
	start, state, err := startTime(n.PID)
	switch {
	case err == unix.ENOENT || err == unix.ESRCH:
		return true
	case err != nil:
		return false
	}
	return start != n.Start || state == 'Z' || state == 'X'
}

// startTime reads a process's start time and state; pid 0 is this process.
func startTime(pid int) (start uint64, state byte, err error) {
	path := "/proc/self/stat"
	if pid != 0 {
		path = "/proc/" + strconv.Itoa(pid) + "/stat"
	}
	var buf [1024]byte
	b, err := readFile(unix.AT_FDCWD, path, buf[:])
	if err != nil {
		return 0, 0, err
	}
	start, state, ok := parseStat(b)
	if !ok {
		return 0, 0, unix.EINVAL
	}
	return start, state, nil
}

// parseStat takes state and start time out of /proc/PID/stat. The command name
// may hold spaces and parentheses, so counting begins after the last ')'.
func parseStat(b []byte) (start uint64, state byte, ok bool) {
	const startField = 22 - 3 // the first field after the name is field 3
	i := bytes.LastIndexByte(b, ')')
	if i < 0 {
		return 0, 0, false
	}
	rest := bytes.TrimLeft(b[i+1:], " ")
	if len(rest) == 0 {
		return 0, 0, false
	}
	state = rest[0]
	for range startField {
		_, rest, ok = bytes.Cut(rest, []byte{' '})
		if !ok {
			return 0, 0, false
		}
	}
	v, _, _ := bytes.Cut(rest, []byte{' '})
	start, err := strconv.ParseUint(string(v), 10, 64)
	return start, state, err == nil
}

// OwnerGone reports whether the process that the name tells of has ended. When
// in doubt it lives.
func (n Name) OwnerGone() bool { return n.ownerGone() }

// OwnName is a name of this process's, for what it makes outside of cgroups.
func OwnName(seq uint64) (Name, error) {
	start, _, err := startTime(0)
	if err != nil {
		return Name{}, err
	}
	return Name{PID: unix.Getpid(), Start: start, Seq: seq}, nil
}
