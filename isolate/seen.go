package isolate

import (
	"bytes"
	"encoding/binary"

	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/isolate/plan"
	"golang.org/x/sys/unix"
)

// seen is what the target read back of itself.
type seen struct {
	complete bool
	pid      int // the target's, as our pid namespace has it
	body     []byte
}

// word gives a 64-bit word of the read-back.
func (s *seen) word(off int) int64 {
	if off+8 > len(s.body) {
		return -int64(unix.ENODATA)
	}
	return int64(binary.LittleEndian.Uint64(s.body[off:]))
}

func (s *seen) word32(off int) uint32 {
	if off+4 > len(s.body) {
		return ^uint32(0)
	}
	return binary.LittleEndian.Uint32(s.body[off:])
}

// ns gives the text of a namespace's link, "mnt:[4026532758]", or "".
func (s *seen) ns(i int) string {
	off := plan.SeenNS + i*plan.NSText
	if off+plan.NSText > len(s.body) {
		return ""
	}
	text, _, _ := bytes.Cut(s.body[off:off+plan.NSText], []byte{0})
	return string(text)
}

// rootMount gives the line of proc_pid_mountinfo(5) about the root, "" if it was not
// read, or cut.
func (s *seen) rootMount() string {
	if len(s.body) < plan.SeenMounts {
		return ""
	}
	for line := range bytes.Lines(s.body[plan.SeenMounts:]) {
		const path, least = 4, 10
		if f := bytes.Fields(line); len(f) >= least && string(f[path]) == "/" && bytes.HasSuffix(line, []byte{'\n'}) {
			return string(line)
		}
	}
	return ""
}

func (s *seen) rlimit(i int) unix.Rlimit {
	off := plan.SeenRlimits + 16*i
	return unix.Rlimit{Cur: uint64(s.word(off)), Max: uint64(s.word(off + 8))}
}

// noCaps says whether every capability set is empty.
func (s *seen) noCaps() bool {
	effective, permitted, inheritable := s.caps()
	return effective|permitted|inheritable == 0
}

// caps gives the effective, permitted and inheritable sets.
func (s *seen) caps() (effective, permitted, inheritable uint64) {
	at := func(i int) uint64 {
		return uint64(s.word32(plan.SeenCaps+4*i)) | uint64(s.word32(plan.SeenCaps+4*(i+3)))<<32
	}
	return at(0), at(1), at(2)
}

func (s *seen) ids(off int) [3]uint32 {
	return [3]uint32{s.word32(off), s.word32(off + 4), s.word32(off + 8)}
}

// nsIndex gives the place of a kind of namespace in host.Namespaces.
func nsIndex(kind string) int {
	for i, n := range host.Namespaces {
		if n == kind {
			return i
		}
	}
	return -1
}
