//go:build libseccomp

package seccomp

import (
	"math/rand/v2"
	"testing"

	"github.com/jailrun/jail/test/dice"
)

// FuzzLibseccompDecidesAlike draws rules, and holds three ways of reading them
// to each other over numbers, architectures and arguments: libseccomp's
// compiler, this package's, and the table itself.
func FuzzLibseccompDecidesAlike(f *testing.F) {
	f.Add([]byte{}, uint64(0), uint64(0))
	for i := range byte(40) {
		random := rand.NewChaCha8([32]byte{i})
		spec := make([]byte, 150)
		random.Read(spec)
		f.Add(spec, random.Uint64(), random.Uint64())
	}
	f.Fuzz(func(t *testing.T, spec []byte, x, y uint64) {
		if len(spec) > 200 {
			return
		}
		r := splittable{drawn{dice.New(spec)}}.rules()
		for _, o := range variants {
			theirs, ours := export(t, r, o), compile(t, r, o)
			probe(r, x, y, func(d Data) {
				if d.Nr == -1 {
					return // libseccomp gives a skipped call the default answer
				}
				mine, its, table := simulate(t, ours, d), simulate(t, theirs, d), Reference(r, d).Return(o)
				if mine != table || its != table {
					t.Fatalf("%s %+v under %+v and %+v: ours 0x%x, libseccomp's 0x%x, the table 0x%x", Name(int(d.Nr)), d, r, o, mine, its, table)
				}
			})
		}
	})
}

// splittable draws rules that partition can divide into few enough cells: each
// argument of a call is looked at under one mask, and a call's checks look at
// two arguments under masks of few bits, or at one under any.
type splittable struct{ drawn }

func (d splittable) rules() *Rules {
	r := &Rules{Default: d.action(), Foreign: d.action()}
	nr := 0
	for range 1 + d.N(3) {
		g := Group{Name: "g", Why: "w", Answer: d.action()}
		for range 1 + d.N(4) {
			nr += d.N(60)
			if n := known(nr); n != "" {
				g.Calls = append(g.Calls, n)
			}
			nr++
		}
		r.Groups = append(r.Groups, g)
		for _, call := range g.Calls[:d.N(len(g.Calls)+1)] {
			r.Checks = append(r.Checks, d.checks(call)...)
		}
	}
	return r
}

func (d splittable) checks(call string) []Check {
	fields := d.fields()
	cs := make([]Check, 1+d.N(3))
	for i := range cs {
		cs[i] = Check{Call: call, Why: "w", Answer: d.action()}
		for _, f := range fields[:d.N(len(fields)+1)] {
			cs[i].When = append(cs[i].When, d.arg(f))
		}
	}
	return cs
}

func (d splittable) fields() []field {
	if d.N(2) == 1 {
		return []field{{index: d.N(6), mask: []uint64{Low32, Whole, Whole &^ Low32, d.Uint64() | 1}[d.N(4)]}}
	}
	first := d.N(6)
	return []field{{index: first, mask: d.fewBits()}, {index: (first + 1 + d.N(5)) % 6, mask: d.fewBits()}}
}

func (d splittable) fewBits() uint64 { return 1<<d.N(64) | 1<<d.N(64) | 1<<d.N(64) }

func (d splittable) arg(f field) Arg {
	a := Arg{Index: f.index, Mask: f.mask, Not: d.N(2) == 1}
	for range 1 + d.N(2) {
		v := uint64(d.N(4))
		if d.N(2) == 1 {
			v = d.Uint64()
		}
		a.Values = append(a.Values, (v|v<<32)&a.Mask)
	}
	return a
}
