package seccomp

// Offsets in Data.
const (
	offsetNr   = 0
	offsetArch = 4
	offsetArgs = 16
)

// Compile makes the rules' BPF program: the prologue for foreign architectures,
// a search tree over ranges of call numbers, and the checks of a call at the
// tree's leaves. The same rules always give the same bytes.
//
// The kernel runs the program once for each call number when it is installed,
// to learn which calls need no filter, and from then on for the others only.
// The error is an *Error: invalid rules, or a program that is too long.
func Compile(r *Rules, o Options) ([]Filter, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	c := compiler{rules: r, options: o}
	tree := c.tree(c.spans())
	native := c.load(word{offsetNr, wholeWord}, c.numbers(tree))
	abi := c.jump(opJeq, NativeArch, native, c.answer(r.Foreign))
	c.load(word{offsetArch, wholeWord}, abi)
	if len(c.rev) > MaxLen {
		return nil, &Error{Op: "compile", Object: "rules", Err: ErrTooLong, Hint: "use fewer values in checks"}
	}
	return c.program(), nil
}

// skipped is call number -1, which a tracer sets to skip a call.
const skipped = 0xffffffff

type compiler struct {
	asm
	rules   *Rules
	options Options
}

func (c *compiler) answer(a Action) label { return c.ret(a.Return(c.options)) }

// leaf is what happens to a call. Two calls with equal leaves share one.
type leaf struct {
	base   uint32 // the group's or the default answer
	number int    // of the call whose checks come first, or noChecks
}

const noChecks = -1

// span is a range of numbers, from first up to but not including end, with one
// leaf.
type span struct {
	first, end uint32
	leaf       leaf
}

// spans are the ranges of all numbers of the table's, neighbours merged.
func (c *compiler) spans() []span {
	var s []span
	for nr, l := range c.leaves() {
		if n := len(s); n > 0 && s[n-1].leaf == l {
			s[n-1].end++
			continue
		}
		s = append(s, span{uint32(nr), uint32(nr) + 1, l})
	}
	s[len(s)-1].end = endNumbers // the last leaf is of an unknown number
	return s
}

// leaves has one more than the known numbers: the unknown ones' default.
func (c *compiler) leaves() [len(names) + 1]leaf {
	var t [len(names) + 1]leaf
	for nr := range t {
		t[nr] = leaf{c.rules.Default.Return(c.options), noChecks}
	}
	for _, g := range c.rules.Groups {
		for _, name := range g.Calls {
			nr, _ := Number(name) // Validate knows the name
			t[nr].base = g.Answer.Return(c.options)
		}
	}
	for i := range c.rules.Checks {
		nr, _ := Number(c.rules.Checks[i].Call)
		t[nr].number = nr
	}
	return t
}

// tree finds a number's span.
func (c *compiler) tree(s []span) label {
	if len(s) == 1 {
		return c.leaf(s[0].leaf)
	}
	if len(s) == 3 && s[0].leaf == s[2].leaf && s[1].end == s[1].first+1 {
		return c.jump(opJeq, s[1].first, c.leaf(s[1].leaf), c.leaf(s[0].leaf))
	}
	m := middle(s)
	right := c.tree(s[m:])
	return c.jump(opJge, s[m].first, right, c.tree(s[:m]))
}

// middle splits the spans where both sides hold about as many numbers: the
// kernel asks once for each when a filter is installed.
func middle(s []span) int {
	first, end := int(s[0].first), min(int(s[len(s)-1].end), len(names)+1)
	best, off := 1, len(names)
	for i := 1; i < len(s); i++ {
		if d := max(first+end-2*int(s[i].first), 2*int(s[i].first)-first-end); d < off {
			best, off = i, d
		}
	}
	return best
}

func (c *compiler) leaf(l leaf) label {
	if l.number == noChecks {
		return c.ret(l.base)
	}
	ch := chain{compiler: c, base: l.base, done: map[place]label{}}
	for i := range c.rules.Checks {
		if nr, _ := Number(c.rules.Checks[i].Call); nr == l.number {
			ch.checks = append(ch.checks, &c.rules.Checks[i])
		}
	}
	return ch.check(0, word{offsetNr, wholeWord}, fact{})
}
