package seccomp

import (
	"testing"

	"github.com/jailrun/jail/test/dice"
	"golang.org/x/sys/unix"
)

// FuzzCompiledDecidesAsTheTable builds rules from the input and holds the
// compiled program to the table over every number, and over arguments taken
// from the input as well as from the rules.
func FuzzCompiledDecidesAsTheTable(f *testing.F) {
	f.Add([]byte{}, uint64(0), uint64(0))
	f.Add([]byte("\x01\x02\x03\x04\x05\x06\x07\x08"), uint64(1)<<32|7, uint64(7))
	f.Add([]byte("groups and checks with masks, values, and \xff\x00\xfe\x01 bytes of every kind \x80\x40\x20\x10"), ^uint64(0), uint64(unix.TIOCSTI))
	f.Add([]byte{3, 40, 2, 1, 0, 16, 3, 2, 9, 16, 7, 3, 1, 1, 2, 2, 8, 8, 1, 0, 255, 255, 0, 0, 4, 4, 2, 2, 1, 1, 3, 3, 5, 5, 9, 9}, uint64(16), uint64(1)<<63)
	f.Fuzz(func(t *testing.T, spec []byte, x, y uint64) {
		if len(spec) > 400 {
			return
		}
		r := drawn{dice.New(spec)}.rules()
		for _, o := range variants {
			prog, err := Compile(r, o)
			if err != nil {
				t.Fatalf("%+v: %v", r, err)
			}
			probe(r, x, y, func(d Data) {
				if got, want := simulate(t, prog, d), Reference(r, d).Return(o); got != want {
					t.Fatalf("%+v under %+v: filter 0x%x, table 0x%x", d, r, got, want)
				}
			})
		}
	})
}

func probe(r *Rules, x, y uint64, yield func(Data)) {
	for nr := -2; nr <= MaxKnown+2; nr++ {
		yield(native(nr, x, y, x^y, x&y, x|y, x+y))
	}
	yield(Data{Nr: int32(x), Arch: uint32(y)})
	yield(Data{Nr: int32(x), Arch: NativeArch})
	values := []uint64{x, y}
	for _, c := range r.Checks {
		for _, a := range c.When {
			for _, v := range a.Values {
				values = append(values, v, v|x&^a.Mask, v^1<<(x%64))
			}
		}
	}
	for _, call := range checkedCalls(r) {
		nr, _ := Number(call)
		for i, v := range values {
			w := values[(i+1+int(y%7))%len(values)]
			yield(native(nr, v, w, v, w, v, w))
			yield(native(nr, v, v, v, v, v, v))
		}
	}
}

// drawn makes rules of a fuzzer's bytes.
type drawn struct{ *dice.Dice }

func (d drawn) action() Action {
	a := Action{Kind: Kind(d.N(int(KindAllow) + 1))}
	switch a.Kind {
	case KindErrno, KindNotify:
		a.Errno = unix.Errno(1 + d.N(3))
	case KindBudget:
		a = Budget(uint16(d.N(3)), unix.Errno(1+d.N(3)), unix.Errno(1+d.N(3)))
	}
	return a
}

// rules is a valid table of up to 8 runs of calls and up to 8 checks on them.
func (d drawn) rules() *Rules {
	r := &Rules{Default: d.action(), Foreign: d.action()}
	nr := 0
	for range d.N(8) {
		g := Group{Name: "g", Why: "w", Answer: d.action()}
		nr += d.N(60)
		for range 1 + d.N(20) {
			if n := known(nr); n != "" {
				g.Calls = append(g.Calls, n)
			}
			nr += 1 + d.N(2)
		}
		r.Groups = append(r.Groups, g)
	}
	var calls []string
	for _, g := range r.Groups {
		calls = append(calls, g.Calls...)
	}
	if len(calls) == 0 {
		return r
	}
	for range d.N(9) {
		// Few calls share the checks, so that first-match-wins is exercised.
		r.Checks = append(r.Checks, d.check(calls[d.N(min(3, len(calls)))]))
	}
	return r
}

func (d drawn) check(call string) Check {
	c := Check{Call: call, Why: "w", Answer: d.action()}
	for range d.N(4) {
		masks := []uint64{Low32, Whole, Whole &^ Low32, 0xff, 0xff << 30, d.Uint64() | 1}
		a := Arg{Index: d.N(6), Mask: masks[d.N(len(masks))], Not: d.N(2) == 1}
		for range 1 + d.N(4) {
			v := uint64(d.N(4))
			if d.N(2) == 1 {
				v = d.Uint64()
			}
			a.Values = append(a.Values, (v|v<<32)&a.Mask)
		}
		c.When = append(c.When, a)
	}
	return c
}
