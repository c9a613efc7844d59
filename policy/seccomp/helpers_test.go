package seccomp

import (
	"slices"
	"strings"
	"testing"
)

// edge is where x32 begins, on x86-64.
const edge = 0x40000000

func native(nr int, args ...uint64) Data {
	d := Data{Nr: int32(nr), Arch: NativeArch, IP: 0x7f00dead0000beef}
	copy(d.Args[:], args)
	return d
}

// present are the calls of a list that this architecture has.
func present(calls string) []string {
	return slices.DeleteFunc(strings.Fields(calls), lacks)
}

// lacks says whether this architecture has other calls in place of one.
func lacks(call string) bool { return slices.Contains(lackedCalls, call) }

func number(t testing.TB, name string) int {
	t.Helper()
	nr, ok := Number(name)
	if !ok {
		t.Fatalf("no number for %q", name)
	}
	return nr
}

func compile(t testing.TB, r *Rules, o Options) []Filter {
	t.Helper()
	prog, err := Compile(r, o)
	if err != nil {
		t.Fatal(err)
	}
	return prog
}

func simulate(t testing.TB, prog []Filter, d Data) uint32 {
	t.Helper()
	ret, _, err := Simulate(prog, d)
	if err != nil {
		t.Fatalf("%+v: %v", d, err)
	}
	return ret
}

// variants are both ways to compile the same rules.
var variants = []Options{{Listener: false}, {Listener: true}}

// inputs yields every call that could be decided differently from its
// neighbours: all numbers around the table and the ABI's edges, foreign
// architectures, and for calls with checks each argument at, beside and around
// every value that a check names.
func inputs(r *Rules, yield func(Data)) {
	for _, arch := range []uint32{NativeArch, archForeign, archOther, 0} {
		for nr := -2; nr <= 600; nr++ {
			yield(Data{Nr: int32(nr), Arch: arch})
		}
		for nr := int64(edge) - 2; nr <= edge+600; nr++ {
			yield(Data{Nr: int32(nr), Arch: arch})
		}
		yield(Data{Nr: -1 << 31, Arch: arch})
	}
	for _, call := range checkedCalls(r) {
		nr, _ := Number(call)
		each(boundaries(r, call), func(args [6]uint64) { yield(native(nr, args[:]...)) })
	}
}

func checkedCalls(r *Rules) []string {
	var calls []string
	seen := map[string]bool{}
	for _, c := range r.Checks {
		if !seen[c.Call] {
			seen[c.Call] = true
			calls = append(calls, c.Call)
		}
	}
	return calls
}

// boundaries are, for each argument that a call's checks look at, the values
// worth trying.
func boundaries(r *Rules, call string) [6][]uint64 {
	var b [6][]uint64
	seen := map[[2]uint64]bool{}
	add := func(i int, vs ...uint64) {
		for _, v := range vs {
			if k := [2]uint64{uint64(i), v}; !seen[k] {
				seen[k] = true
				b[i] = append(b[i], v)
			}
		}
	}
	for _, c := range r.Checks {
		if c.Call != call {
			continue
		}
		for _, a := range c.When {
			add(a.Index, 0, Low32, Whole, 1<<31, 1<<32, ^a.Mask, a.Mask)
			for _, v := range a.Values {
				add(a.Index, v, v+1, v-1, v|1<<32, v|^a.Mask, v^a.Mask&-a.Mask, v|0x800, v|0x80000, v|schedResetOnFork)
			}
		}
	}
	return b
}

// each yields the product of the values; an argument without any stays 0.
func each(values [6][]uint64, yield func([6]uint64)) {
	var args [6]uint64
	var fill func(i int)
	fill = func(i int) {
		if i == len(args) {
			yield(args)
			return
		}
		if len(values[i]) == 0 {
			fill(i + 1)
		}
		for _, v := range values[i] {
			args[i] = v
			fill(i + 1)
		}
		args[i] = 0
	}
	fill(0)
}
