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
	v := a.Values[p.value]
	low := word{uint32(offsetArgs + 8*a.Index), uint32(a.Mask)}
	high := word{low.offset + 4, uint32(a.Mask >> 32)} // little endian
	equal := func(w word) label { return c.matched(place{p.check, p.arg, 0, w}, !a.Not) }
	next := func(w word) label { return c.value(place{p.check, p.arg, p.value + 1, w}) }
	switch {
	case high.mask == 0:
		return c.test(low, uint32(v), p.holds, equal, next)
	case low.mask == 0:
		return c.test(high, uint32(v>>32), p.holds, equal, next)
	}
	return c.test(high, uint32(v>>32), p.holds, func(w word) label {
		return c.test(low, uint32(v), w, equal, next)
	}, next)
}

// matched goes on after an argument is decided.
func (c *chain) matched(p place, holds bool) label {
	if holds {
		return c.arg(p.check, p.arg+1, p.holds)
	}
	return c.check(p.check+1, p.holds)
}

// test compares w with k, and loads it unless it is there.
func (c *chain) test(w word, k uint32, holds word, yes, no func(word) label) label {
	n := no(w)
	l := c.jump(opJeq, k, yes(w), n)
	if holds == w {
		return l
	}
	return c.load(w, l)
}
