package tape

import "bytes"

// Bytes gives the n bytes at a, or nil where not all of them lie in one region
// of the image's memory. They must not be changed.
func (t *Tape) Bytes(a uint64, n int) []byte {
	p := t.at(a)
	if n < 0 || n > len(p) {
		return nil
	}
	return p[:n:n]
}

// Text gives the zero-terminated bytes at a without their end, and whether
// there are such.
func (t *Tape) Text(a uint64) ([]byte, bool) {
	p := t.at(a)
	end := bytes.IndexByte(p, 0)
	if end < 0 {
		return nil, false
	}
	return p[:end:end], true
}

// Holds says whether a result may be stored at a: eight bytes among the
// variables, and not in the error cell.
func (t *Tape) Holds(a Addr) bool {
	return a >= DataBase+firstVar && t.Writable(uint64(a), 8)
}

// Vars gives a copy of the variables as they are when the tape begins, from
// DataBase on.
func (t *Tape) Vars() []byte { return bytes.Clone(t.vars) }

// AddrOf gives the address by which the error cell names op i: the inverse of
// OpAt.
func AddrOf(i int) uint64 { return OpsBase + uint64(i)*opSize }
