package seccomp

// chain compiles the checks of one call. It goes through them as the kernel
// will, and knows at each place what the accumulator holds, so that no word is
// loaded twice.
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
}

// check is the code from the i-th check on.
func (c *chain) check(i int, holds word) label {
	if i == len(c.checks) {
		return c.ret(c.base)
	}
	return c.arg(i, 0, holds)
}

// arg is the code from the j-th argument of check i on.
func (c *chain) arg(i, j int, holds word) label {
	if j == len(c.checks[i].When) {
		return c.answer(c.checks[i].Answer)
	}
	return c.value(place{i, j, 0, holds})
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
		return c.load(first, c.value(place{p.check, p.arg, p.value, first}))
	}
	v := a.Values[p.value]
	next := c.value(place{p.check, p.arg, p.value + 1, first})
	equal := place{p.check, p.arg, p.value, first}
	switch {
	case high.mask == 0:
		return c.jump(opJeq, uint32(v), c.matched(equal, !a.Not), next)
	case low.mask == 0:
		return c.jump(opJeq, uint32(v>>32), c.matched(equal, !a.Not), next)
	}
	return c.jump(opJeq, uint32(v>>32), c.lower(equal, low, uint32(v)), next)
}

// lower compares the low word where the high one is equal already.
func (c *chain) lower(p place, low word, k uint32) label {
	p.holds = low
	next := c.value(place{p.check, p.arg, p.value + 1, low})
	yes := c.matched(p, !c.checks[p.check].When[p.arg].Not)
	return c.load(low, c.jump(opJeq, k, yes, next))
}

// words are the argument's two halves in Data, little endian, under its mask.
func (a Arg) words() (low, high word) {
	offset := uint32(offsetArgs + 8*a.Index)
	return word{offset, uint32(a.Mask)}, word{offset + 4, uint32(a.Mask >> 32)}
}

// matched goes on after an argument is decided.
func (c *chain) matched(p place, holds bool) label {
	if holds {
		return c.arg(p.check, p.arg+1, p.holds)
	}
	return c.check(p.check+1, p.holds)
}
