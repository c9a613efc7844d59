package tape

import (
	"bytes"
	"encoding/binary"
)

// WithWord gives the tape with another 64-bit word at a, an address of its
// constants or variables. Like Without it is for tests, which prove by it what
// a wall is good for.
func (t *Tape) WithWord(a, w uint64) *Tape {
	c := *t
	c.consts, c.vars = bytes.Clone(t.consts), bytes.Clone(t.vars)
	if p := c.at(a); len(p) >= 8 {
		binary.LittleEndian.PutUint64(p, w)
	}
	return &c
}
