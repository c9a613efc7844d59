// Package reference plays tapes in Go, against a kernel that the caller gives.
// It is what the machine code of package stage is held to, and imports nothing
// of it.
package reference

import (
	"encoding/binary"
	"fmt"

	"github.com/jailrun/jail/isolate/tape"
)

// Kernel answers one system call. The memory is the player's. A call that does
// not come back (exit, a successful execve) is done.
type Kernel func(m *Memory, call uint64, args [6]uint64) (result int64, done bool)

// Play plays a tape until a call is done, and gives the ops that were played.
// It fails when a branch leads to no op, an address to no memory, or after
// limit ops.
func Play(t *tape.Tape, k Kernel, limit int) (path []int, err error) {
	m := &Memory{tape: t, vars: t.Vars()}
	for i := 0; len(path) < limit; {
		if i < 0 || i >= len(t.Ops) {
			return path, fmt.Errorf("reference: a branch leads to op %d of %d", i, len(t.Ops))
		}
		path = append(path, i)
		next, done, err := step(t, m, k, i)
		if done || err != nil {
			return path, err
		}
		i = next
	}
	return path, fmt.Errorf("reference: no end after %d ops", limit)
}

// step plays one op, and gives the next.
func step(t *tape.Tape, m *Memory, k Kernel, i int) (next int, done bool, err error) {
	o := &t.Ops[i]
	args := o.Args
	for j := range args {
		if o.Load&(1<<j) == 0 {
			continue
		}
		p := m.Read(args[j], 8)
		if p == nil {
			return 0, false, fmt.Errorf("reference: op %d loads argument %d from %#x", i, j, args[j])
		}
		args[j] = binary.LittleEndian.Uint64(p)
	}
	result, done := k(m, o.Call, args)
	if done {
		return 0, true, nil
	}
	if o.Dst != 0 && !m.put(o.Dst, uint64(result)) {
		return 0, false, fmt.Errorf("reference: op %d stores its result at %#x", i, uint64(o.Dst))
	}
	switch {
	case result < 0:
		m.put(tape.ErrOp, tape.AddrOf(i))
		m.put(tape.ErrWord, uint64(result))
		return t.Target(i, o.Neg), false, nil
	case result == 0:
		return t.Target(i, o.Zero), false, nil
	}
	return t.Target(i, o.Pos), false, nil
}

// Memory is the image's memory while it is played.
type Memory struct {
	tape *tape.Tape
	vars []byte
}

// Read gives n bytes at a, or nil where not all are the image's.
func (m *Memory) Read(a uint64, n int) []byte {
	if p := m.variable(a, n); p != nil {
		return p
	}
	return m.tape.Bytes(a, n)
}

// Write stores bytes among the variables, and says whether they fit.
func (m *Memory) Write(a uint64, b []byte) bool {
	p := m.variable(a, len(b))
	return copy(p, b) == len(b) && p != nil
}

func (m *Memory) put(a tape.Addr, v uint64) bool {
	return m.Write(uint64(a), binary.LittleEndian.AppendUint64(nil, v))
}

// variable gives n bytes of the variables, or nil.
func (m *Memory) variable(a uint64, n int) []byte {
	if off := a - tape.DataBase; a >= tape.DataBase && n >= 0 && off <= uint64(len(m.vars)) && uint64(n) <= uint64(len(m.vars))-off {
		return m.vars[off : off+uint64(n)]
	}
	return nil
}
