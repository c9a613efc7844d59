package plan

import (
	"encoding/binary"
	"strconv"

	"github.com/jailrun/jail/isolate/tape"
	"golang.org/x/sys/unix"
)

// shown is how many arguments are worth writing: zeros at the end of a prctl,
// and the mode of what isn't made, say nothing.
func shown(c *call, o *tape.Op) int {
	n := len(c.args)
	switch o.Call {
	case unix.SYS_OPENAT:
		if o.Args[2]&unix.O_CREAT == 0 {
			n--
		}
	case unix.SYS_PRCTL:
		for n > 1 && o.Args[n-1] == 0 && o.Load>>(n-1)&1 == 0 {
			n--
		}
	}
	return n
}

// argument writes one argument as its kind is read.
func (p *printer) argument(b []byte, o *tape.Op, c *call, i int) []byte {
	a, prm := o.Args[i], &c.args[i]
	if o.Load>>i&1 != 0 {
		return p.slot(b, a)
	}
	if o.Call == unix.SYS_PRCTL && i == 1 {
		return p.prctlArgument(b, o.Args[0], a)
	}
	switch prm.kind {
	case octal:
		return append(append(b, '0'), strconv.FormatUint(a, 8)...)
	case hex:
		return append(b, address(a)...)
	case descriptor:
		return descriptorName(b, a)
	case value:
		if s, ok := prm.names.name(a); ok {
			return append(b, s...)
		}
	case flags:
		if prm.names == &openFlags && o.Call == unix.SYS_OPENAT && a&(unix.O_ACCMODE|unix.O_PATH) == 0 {
			b = append(b, "O_RDONLY|"...)
		}
		return sum(b, *prm.names, a)
	}
	if prm.kind > firstPointer {
		return p.pointer(b, o, prm, a)
	}
	return signed(b, a)
}

func signed(b []byte, a uint64) []byte {
	if a == maxFd {
		return append(b, "max"...)
	}
	return strconv.AppendInt(b, int64(a), 10)
}

func descriptorName(b []byte, a uint64) []byte {
	switch a {
	case atFdcwd:
		return append(b, "AT_FDCWD"...)
	case FdCtl:
		return append(b, "3<supervisor>"...)
	case FdTarget:
		return append(b, "5<supervisor>"...)
	}
	return signed(b, a)
}

func (p *printer) prctlArgument(b []byte, option, a uint64) []byte {
	names := symbols{}
	switch option {
	case unix.PR_CAPBSET_DROP, unix.PR_CAPBSET_READ:
		names = capabilities
	case unix.PR_SET_PDEATHSIG:
		names = signals
	case unix.PR_CAP_AMBIENT:
		names = symbols{{"PR_CAP_AMBIENT_CLEAR_ALL", unix.PR_CAP_AMBIENT_CLEAR_ALL}}
	case unix.PR_SET_SECUREBITS:
		return append(b, address(a)...)
	case unix.PR_SET_NAME:
		s, _ := p.t.Text(a)
		return strconv.AppendQuote(b, string(s))
	}
	if s, ok := names.name(a); ok {
		return append(b, s...)
	}
	return signed(b, a)
}

// sum writes flags, and what has no name as a number.
func sum(b []byte, names symbols, v uint64) []byte {
	start := len(b)
	for i := range names {
		if f := names[i].value; f != 0 && v&f == f {
			b = append(append(b, names[i].name...), '|')
			v &^= f
		}
	}
	if v != 0 || len(b) == start {
		return append(b, address(v)[2*one(v == 0):]...)
	}
	return b[:len(b)-1]
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// slot writes what is at an address by the step that puts it there, or what
// the image holds from the start.
func (p *printer) slot(b []byte, a uint64) []byte {
	for i := range p.t.Ops {
		if o := &p.t.Ops[i]; p.fills(o, a) {
			return append(append(append(b, "$("...), o.Step...), ')')
		}
	}
	return strconv.AppendInt(b, int64(int32(p.t.Word(a))), 10)
}

// fills says whether an op puts something at an address: its result, or what
// the kernel answers.
func (p *printer) fills(o *tape.Op, a uint64) bool {
	if uint64(o.Dst) == a {
		return true
	}
	c := callOf(o.Call)
	for i := 0; c != nil && i < len(c.args); i++ {
		at, n := o.Args[i], uint64(0)
		switch prm := &c.args[i]; prm.kind {
		case out, outOrNull:
			n = uint64(prm.n)
		case outLen:
			n = o.Args[prm.n]
		case messageOut:
			at, n = p.t.Word(at+32), p.t.Word(at+40)
		case cloneArgs:
			at, n = p.t.Word(at+8), 4
		}
		if a >= at && a < at+n {
			return true
		}
	}
	return false
}

func (p *printer) pointer(b []byte, o *tape.Op, prm *param, a uint64) []byte {
	n := int(prm.n)
	switch prm.kind {
	case text, textOrNull:
		if a == 0 {
			break
		}
		s, _ := p.t.Text(a)
		return strconv.AppendQuote(b, string(s))
	case out, outOrNull:
		if a != 0 {
			return sized(b, "out", uint64(n))
		}
	case outLen:
		return sized(b, "out", o.Args[n])
	case in, inOrNull:
		if a != 0 {
			return p.words(b, a, n)
		}
	case inLen, inLenOrNull:
		if a != 0 {
			return p.bytes(b, a, o.Args[n])
		}
	case null:
	default:
		return p.structure(b, o, prm, a)
	}
	return append(b, "NULL"...)
}

func sized(b []byte, what string, n uint64) []byte {
	return append(strconv.AppendUint(append(append(b, what...), '['), n, 10), ']')
}

// words writes a small structure: as a name (struct ifreq), as a slot (a futex
// word), or as its words.
func (p *printer) words(b []byte, a uint64, n int) []byte {
	switch n {
	case 40:
		s, _ := p.t.Text(a)
		return strconv.AppendQuote(b, string(s))
	case 4:
		return p.slot(b, a)
	}
	zero, raw := true, p.t.Bytes(a, n)
	for _, c := range raw {
		zero = zero && c == 0
	}
	if zero {
		return append(b, "{0}"...)
	}
	b = append(b, '{')
	for i := 0; i+8 <= len(raw); i += 8 {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = word(b, binary.LittleEndian.Uint64(raw[i:]))
	}
	return append(b, '}')
}

func word(b []byte, w uint64) []byte {
	switch {
	case w == unlimited:
		return append(b, "all"...)
	case w >= 1<<32:
		return append(b, address(w)...)
	}
	return strconv.AppendUint(b, w, 10)
}

// bytes writes a text, or the name of a message and its length.
func (p *printer) bytes(b []byte, a, n uint64) []byte {
	raw := p.t.Bytes(a, int(n))
	for _, c := range raw {
		if c >= 0x7f || c < ' ' && c != '\n' {
			return sized(p.tag(b, a), "", n)
		}
	}
	if len(raw) > 64 {
		return sized(strconv.AppendQuote(b, string(raw[:48])), "…", n)
	}
	return strconv.AppendQuote(b, string(raw))
}

// tag writes the four letters by which a message begins.
func (p *printer) tag(b []byte, a uint64) []byte {
	for _, c := range p.t.Bytes(a, 4) {
		if c > ' ' && c < 0x7f {
			b = append(b, c)
		}
	}
	return b
}
