package seccomp

import "slices"

// chain compiles the checks of one call. It goes through them as the kernel
// will, and knows at each place what the accumulator holds and what an argument
// was found to be, so that no word is loaded and nothing is asked twice.
type chain struct {
	*compiler
	checks []*Check
	base   uint32
	done   map[place]label // what is compiled already, by place
}

// place is a point in the checks: about to compare a value of an argument of a
// check, with the accumulator as it is.
type place struct {
	check, arg, value int
	holds             word
	knows             fact
}

// fact is what an argument is, under a mask. A mask of zero: nothing is known.
type fact struct {
	index       int
	mask, value uint64
}

// check is the code from the i-th check on.
func (c *chain) check(i int, holds word, knows fact) label {
	if i == len(c.checks) {
		return c.ret(c.base)
	}
	return c.arg(i, 0, holds, c.needed(i, knows))
}

// needed forgets a fact that no check from the i-th on asks for: else the code
// that follows would be made once with it and once without.
func (c *chain) needed(i int, f fact) fact {
	for _, check := range c.checks[i:] {
		for _, a := range check.When {
			if a.Index == f.index && a.Mask == f.mask {
				return f
			}
		}
	}
	return fact{}
}

// arg is the code from the j-th argument of check i on.
func (c *chain) arg(i, j int, holds word, knows fact) label {
	if j == len(c.checks[i].When) {
		return c.answer(c.checks[i].Answer)
	}
	p := place{i, j, 0, holds, knows}
	if a := c.checks[i].When[j]; a.Index == knows.index && a.Mask == knows.mask {
		return c.matched(p, slices.Contains(a.Values, knows.value) != a.Not)
	}
	return c.value(p)
}

// value is the code from one value of an argument on.
func (c *chain) value(p place) label {
	if l, ok := c.done[p]; ok {
		return l
	}
	l := c.compare(p)
	c.done[p] = l
	return l
}

func (c *chain) compare(p place) label {
	a := c.checks[p.check].When[p.arg]
	if p.value == len(a.Values) {
		return c.matched(p, a.Not)
	}
	low, high := a.words()
	first := high
	if high.mask == 0 {
		first = low
	}
	if p.holds != first {
		p.holds = first
		return c.load(first, c.value(p))
	}
	if high.mask == 0 {
		return c.search(p, sorted(a.Values))
	}
	v, next := a.Values[p.value], p
	next.value++
	if low.mask == 0 {
		return c.jump(opJeq, uint32(v>>32), c.matched(p, !a.Not), c.value(next))
	}
	no := c.value(next)
	return c.jump(opJeq, uint32(v>>32), c.lower(p, low, uint32(v)), no)
}

// few values are compared one by one; more are halved first.
const few = 3

// search compares the low word, which is all of the argument, with values.
func (c *chain) search(p place, values []uint64) label {
	if len(values) > few {
		m := len(values) / 2
		right := c.search(p, values[m:])
		return c.jump(opJge, uint32(values[m]), right, c.search(p, values[:m]))
	}
	not := c.checks[p.check].When[p.arg].Not
	next := c.matched(p, not)
	for _, v := range slices.Backward(values) {
		next = c.jump(opJeq, uint32(v), c.matched(p, !not), next)
	}
	return next
}

func sorted(values []uint64) []uint64 { return slices.Compact(slices.Sorted(slices.Values(values))) }

// lower compares the low word where the high one is equal already.
func (c *chain) lower(p place, low word, k uint32) label {
	next := p
	next.holds = low
	next.value++
	p.holds = low
	no := c.value(next)
	yes := c.matched(p, !c.checks[p.check].When[p.arg].Not)
	return c.load(low, c.jump(opJeq, k, yes, no))
}

// words are the argument's two halves in Data, little endian, under its mask.
func (a Arg) words() (low, high word) {
	offset := uint32(offsetArgs + 8*a.Index)
	return word{offset, uint32(a.Mask)}, word{offset + 4, uint32(a.Mask >> 32)}
}

// matched goes on after an argument is decided. One that holds of a single
// value is known from then on; one that does not decides the checks that follow
// with the same condition too.
func (c *chain) matched(p place, holds bool) label {
	a := c.checks[p.check].When[p.arg]
	if holds {
		if len(a.Values) == 1 && !a.Not {
			p.knows = c.needed(p.check, fact{a.Index, a.Mask, a.Values[0]})
		}
		return c.arg(p.check, p.arg+1, p.holds, p.knows)
	}
	i := p.check + 1
	for i < len(c.checks) && slices.ContainsFunc(c.checks[i].When, a.same) {
		i++
	}
	return c.check(i, p.holds, p.knows)
}

func (a Arg) same(b Arg) bool {
	return a.Index == b.Index && a.Mask == b.Mask && a.Not == b.Not && slices.Equal(a.Values, b.Values)
}
