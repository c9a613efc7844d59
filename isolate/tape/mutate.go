package tape

import (
	"bytes"
	"encoding/binary"
	"slices"
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

// Without gives the tape with some ops replaced by ones that do nothing. It
// exists so that tests can prove what each op is good for. An exit stays: a
// process that went on would play the next one's part, with rights that part
// was never meant to have.
func (t *Tape) Without(drop func(Op) bool) *Tape {
	return t.Replace(func(o Op) (Op, bool) { return Nothing(o), drop(o) && o.Call != sysExitGroup })
}

// Replace gives the tape with other ops in the place of those for which f says
// so. Like Without it is for tests.
func (t *Tape) Replace(f func(Op) (Op, bool)) *Tape {
	c := *t
	c.Ops = append([]Op(nil), t.Ops...)
	for i, o := range c.Ops {
		if n, ok := f(o); ok {
			c.Ops[i] = n
		}
	}
	return &c
}

// Nothing is an op that does nothing, and goes on where o does when it succeeds.
func Nothing(o Op) Op {
	return Op{Call: sysGetpid, Neg: Next, Zero: o.Zero, Pos: o.Zero, Step: "nothing, in place of: " + o.Step, Proc: o.Proc}
}

// Held gives the tape with a halt before op i, of whoever plays it: it sends a
// message of the word tag over the socket fd, and goes on with op i when the
// socket's other end is closed, or after so many milliseconds; -1 is for ever.
// What is added lies behind the constants, so that every address stays.
func (t *Tape) Held(i int, fd, tag uint64, patience int) *Tape {
	c := *t
	c.Ops, c.labels = slices.Clone(t.Ops), slices.Clone(t.labels)
	end := roundUp(len(t.consts), opSize)
	c.consts = append(bytes.Clone(t.consts), make([]byte, end-len(t.consts)+2*opSize)...)
	label := func(at int) Label {
		c.labels = append(c.labels, int32(at))
		return Label(len(c.labels) - 1)
	}
	first := len(t.Ops) + end/opSize
	wait, op := label(first), label(first+1)

	words := DataBase + uint64(len(t.vars))
	c.vars = bytes.Clone(t.vars)
	for _, w := range []uint64{tag, fd | pollRDHUP<<32, uint64(patience / 1000), uint64(patience % 1000 * 1_000_000)} {
		c.vars = binary.LittleEndian.AppendUint64(c.vars, w)
	}
	timeout := words + 16 // struct timespec
	if patience < 0 {
		timeout = 0
	}
	c.Ops[i] = Op{Call: sysWrite, Args: [6]uint64{fd, words, 8}, Neg: wait, Zero: wait, Pos: wait, Step: t.Ops[i].Step, Proc: t.Ops[i].Proc}
	c.encode(c.consts[end:], i, &Op{Call: sysPpoll, Args: [6]uint64{words + 8, 1, timeout}, Neg: op, Zero: op, Pos: op})
	c.encode(c.consts[end+opSize:], i, &t.Ops[i])
	return &c
}

const pollRDHUP = 0x2000

func roundUp(n, to int) int { return (n + to - 1) / to * to }
