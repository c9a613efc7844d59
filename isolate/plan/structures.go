package plan

import (
	"strconv"

	"github.com/jailrun/jail/isolate/tape"
	"golang.org/x/sys/unix"
)

// structure writes the few things of a structure that make a difference.
func (p *printer) structure(b []byte, o *tape.Op, prm *param, a uint64) []byte {
	b = append(b, '{')
	switch prm.kind {
	case vector:
		b = p.vector(b, a)
	case pollSet:
		b = p.pollSet(b, a, o.Args[prm.n])
	case message, messageOut:
		b = p.message(b, a)
	case cloneArgs:
		b = p.cloneArgs(b, a)
	case filterProgram:
		b = append(strconv.AppendUint(b, p.t.Word(a)&0xffff, 10), " instructions"...)
	case mountAttr:
		b = sum(b, attrFlags, p.t.Word(a))
		b = sum(append(b, ' '), propagations, p.t.Word(a+16))
	case rulesetAttr:
		b = p.ruleset(b, a, o.Args[prm.n])
	case openHow:
		b = sum(b, openFlags, p.t.Word(a))
		b = sum(append(b, ' '), resolveFlags, p.t.Word(a+16))
	case pathBeneath:
		b = sum(b, landlockAccess, p.t.Word(a))
		b = p.slot(append(b, " below "...), a+8)
	}
	return append(b, '}')
}

// shortVector is how many strings of a vector are written.
const shortVector = 6

func (p *printer) vector(b []byte, a uint64) []byte {
	for i := 0; ; i++ {
		s, ok := p.t.Text(p.t.Word(a + uint64(8*i)))
		switch {
		case !ok:
			return b
		case i == shortVector:
			return append(b, ", …"...)
		case i > 0:
			b = append(b, ", "...)
		}
		b = strconv.AppendQuote(b, string(s))
	}
}

func (p *printer) pollSet(b []byte, a, n uint64) []byte {
	for i := range n {
		if i > 0 {
			b = append(b, ", "...)
		}
		w := p.t.Word(a + 8*i)
		b = descriptorName(b, w&0xffffffff)
		b = sum(append(b, ' '), pollEvents, w>>32&0xffff)
	}
	return b
}

func (p *printer) message(b []byte, a uint64) []byte {
	iov := p.t.Word(a + 16)
	b = p.tag(b, p.t.Word(iov))
	b = sized(b, "", p.t.Word(iov+8))
	if n := p.t.Word(a + 24); n > 1 {
		b = sized(append(b, ", "...), "mounts", (n-1)*p.t.Word(iov+24))
	}
	if ctl := p.t.Word(a + 32); ctl != 0 {
		n := (p.t.Word(ctl) - 16) / 4 // cmsg(3)
		if n > 2 {
			return sized(append(b, ", "...), "descriptors", p.t.Word(a+40))
		}
		for i := range n {
			b = p.slot(append(b, ", descriptor "...), ctl+16+4*i)
		}
	}
	return b
}

func (p *printer) cloneArgs(b []byte, a uint64) []byte {
	f := p.t.Word(a)
	b = sum(b, cloneFlags, f)
	if f&unix.CLONE_INTO_CGROUP != 0 {
		b = strconv.AppendUint(append(b, ", cgroup "...), p.t.Word(a+80), 10)
	}
	return b
}

func (p *printer) ruleset(b []byte, a, n uint64) []byte {
	b = sum(b, landlockAccess, p.t.Word(a))
	if n >= 24 {
		b = sum(append(b, ", scoped "...), landlockScopes, p.t.Word(a+16))
	}
	return b
}
