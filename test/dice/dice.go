// Package dice draws choices from a fuzzer's bytes, so that what is fuzzed may be
// built of parts that are valid.
package dice

import "encoding/binary"

// Dice hold bytes; when those run out, every draw is zero.
type Dice struct{ left []byte }

// New draws from b.
func New(b []byte) *Dice { return &Dice{b} }

// N draws a number below n, which is 256 at most: one byte.
func (d *Dice) N(n int) int {
	if len(d.left) == 0 {
		return 0
	}
	v := int(d.left[0])
	d.left = d.left[1:]
	return v % n
}

// Uint64 draws eight bytes.
func (d *Dice) Uint64() uint64 {
	var b [8]byte
	d.left = d.left[copy(b[:], d.left):]
	return binary.LittleEndian.Uint64(b[:])
}

// Left says whether there are bytes to draw from.
func (d *Dice) Left() bool { return len(d.left) > 0 }
