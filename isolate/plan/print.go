package plan

import (
	"bufio"
	"io"
	"strconv"

	"github.com/jailrun/jail/isolate/tape"
)

// PrintOptions say how a tape is written down.
type PrintOptions struct {
	Every   bool // each op has its line; otherwise a row of the same step has one
	Unnamed bool // ops have no numbers, so that two tapes can be compared line by line
}

// Print writes the plan, an op a line, much as strace(1) would show it being
// played, with the reason for each. A row of like ops has one line.
//
// An op goes on to the next one, and on an error to the report of its process;
// what it does otherwise stands in square brackets.
func (p *Plan) Print(w io.Writer) error { return Print(w, p.Tape, PrintOptions{}) }

// Print writes down any tape.
func Print(w io.Writer, t *tape.Tape, o PrintOptions) error {
	p := &printer{t: t, w: bufio.NewWriter(w), o: o}
	for i := 0; i < len(t.Ops); {
		n := 1
		for !o.Every && i+n < len(t.Ops) && alike(&t.Ops[i], &t.Ops[i+n]) {
			n++
		}
		p.line(i, n)
		i += n
	}
	return p.w.Flush()
}

func alike(a, b *tape.Op) bool {
	return a.Proc == b.Proc && a.Step == b.Step && a.Call == b.Call && a.Neg == b.Neg
}

type printer struct {
	t    *tape.Tape
	w    *bufio.Writer
	o    PrintOptions
	text []byte
}

// line writes n like ops from i on.
func (p *printer) line(i, n int) {
	o := &p.t.Ops[i]
	b := p.text[:0]
	if !p.o.Unnamed {
		b = padLeft(b, strconv.Itoa(i), 4)
		b = append(b, ' ')
	}
	b = padRight(b, o.Proc.String(), 7)
	b = p.call(b, o)
	if n > 1 {
		b = append(b, " ×"...)
		b = strconv.AppendInt(b, int64(n), 10)
	}
	b = p.branches(b, i)
	b = append(b, "  # "...)
	b = append(b, o.Step...)
	if o.Layer != "" {
		b = append(append(append(b, " ("...), o.Layer...), ')')
	}
	if o.Why != "" {
		b = append(append(b, ": "...), o.Why...)
	}
	p.text = append(b, '\n')
	p.w.Write(p.text)
}

func padLeft(b []byte, s string, n int) []byte {
	for range n - len(s) {
		b = append(b, ' ')
	}
	return append(b, s...)
}

func padRight(b []byte, s string, n int) []byte {
	b = append(b, s...)
	for range n - len(s) {
		b = append(b, ' ')
	}
	return b
}

// call writes name and arguments.
func (p *printer) call(b []byte, o *tape.Op) []byte {
	c := callOf(o.Call)
	if c == nil {
		return append(strconv.AppendUint(append(b, "call "...), o.Call, 10), "(…)"...)
	}
	b = append(append(b, c.name...), '(')
	for i := range shown(c, o) {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = p.argument(b, o, c, i)
	}
	return append(b, ')')
}

// branches writes where an op leads, if that isn't as usual.
func (p *printer) branches(b []byte, i int) []byte {
	o := &p.t.Ops[i]
	first, last := outcomes(o)
	var fail, zeroTo, posTo int
	if first > last {
		return b
	}
	fail = p.t.Target(i, o.Neg)
	if last == positive {
		zeroTo, posTo = p.t.Target(i, o.Zero), p.t.Target(i, o.Pos)
	} else {
		zeroTo, posTo = i+1, i+1
	}
	start := len(b)
	if !p.isReport(fail) {
		b = p.to(b, "error", fail, i)
	}
	if zeroTo == posTo && zeroTo != i+1 {
		b = p.to(b, "else", zeroTo, i)
	} else if zeroTo != posTo {
		b = p.to(b, "zero", zeroTo, i)
		b = p.to(b, "more", posTo, i)
	}
	if len(b) > start {
		b[start], b[start+1] = ' ', '['
		b = append(b, ']')
	}
	return b
}

func (p *printer) isReport(i int) bool { return i >= 0 && i < len(p.t.Ops) && reports(&p.t.Ops[i]) }

// to writes one branch: the number of its op, or the step.
func (p *printer) to(b []byte, outcome string, to, from int) []byte {
	b = append(append(append(b, ", "...), outcome...), " → "...)
	switch {
	case to == from+1:
		return append(b, "next"...)
	case to < 0 || to >= len(p.t.Ops):
		return append(b, "nowhere"...)
	case !p.o.Unnamed:
		return strconv.AppendInt(b, int64(to), 10)
	case to <= from:
		b = append(b, "back to "...)
	}
	return append(b, p.t.Ops[to].Step...)
}
