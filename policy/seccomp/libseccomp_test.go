//go:build libseccomp

package seccomp

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	libseccomp "github.com/seccomp/libseccomp-golang"
	"golang.org/x/sys/unix"
)

// libseccomp knows no "first match wins", and takes one comparison for each
// argument of a rule. So a call's checks are handed to it as a partition of all
// argument values, made here by splitting on bits; what it makes of that is
// independent of this package's compiler.

func TestLibseccompDecidesAlike(t *testing.T) {
	for name, r := range map[string]*Rules{"default": DefaultRules(), "pinned": Variant{PinCores: true}.Rules(), "init": InitRules()} {
		for _, o := range variants {
			t.Run(name+"/listener="+strconv.FormatBool(o.Listener), func(t *testing.T) {
				theirs, ours := export(t, r, o), compile(t, r, o)
				n := 0
				inputs(r, func(d Data) {
					if d.Nr == -1 && r.Default != Errno(unix.ENOSYS) {
						return // libseccomp gives a skipped call the default answer
					}
					n++
					if got, want := simulate(t, ours, d), simulate(t, theirs, d); got != want {
						t.Fatalf("%s %+v: ours 0x%x, libseccomp's 0x%x", Name(int(d.Nr)), d, got, want)
					}
				})
				t.Logf("%d inputs; %d instructions, libseccomp's %d", n, len(ours), len(theirs))
				compareCost(t, ours, theirs)
			})
		}
	}
}

func compareCost(t *testing.T, ours, theirs []Filter) {
	total := [2]int{}
	for nr := 0; nr <= MaxKnown; nr++ {
		for i, prog := range [][]Filter{ours, theirs} {
			_, steps, err := Simulate(prog, native(nr))
			if err != nil {
				t.Fatal(err)
			}
			total[i] += steps
		}
	}
	t.Logf("for all %d numbers %d instructions, libseccomp's %d", MaxKnown+1, total[0], total[1])
	if total[0] > total[1] {
		t.Errorf("libseccomp's filter is cheaper to install")
	}
}

// export is the rules as libseccomp compiles them, with its search tree.
func export(t *testing.T, r *Rules, o Options) []Filter {
	t.Helper()
	f, err := libseccomp.NewFilter(theirs(r.Default, o))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Release()
	must(t, f.SetOptimize(2))
	must(t, f.SetBadArchAction(theirs(r.Foreign, o)))
	for _, g := range r.Groups {
		for _, call := range g.Calls {
			add(t, f, r, o, g.Answer, call)
		}
	}
	return exported(t, f)
}

func exported(t *testing.T, f *libseccomp.ScmpFilter) []Filter {
	file, err := os.Create(filepath.Join(t.TempDir(), "filter"))
	must(t, err)
	defer file.Close()
	must(t, f.ExportBPF(file))
	_, err = file.Seek(0, io.SeekStart)
	must(t, err)
	var prog []Filter
	for {
		var i Filter
		if err := binary.Read(file, binary.LittleEndian, &i); err == io.EOF {
			return prog
		} else if err != nil {
			t.Fatal(err)
		}
		prog = append(prog, i)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func theirs(a Action, o Options) libseccomp.ScmpAction {
	switch ret := a.Return(o); ret & unix.SECCOMP_RET_ACTION_FULL {
	case unix.SECCOMP_RET_ALLOW:
		return libseccomp.ActAllow
	case unix.SECCOMP_RET_USER_NOTIF:
		return libseccomp.ActNotify
	case unix.SECCOMP_RET_ERRNO:
		return libseccomp.ActErrno.SetReturnCode(int16(ret & unix.SECCOMP_RET_DATA))
	}
	return libseccomp.ActKillProcess
}

func add(t *testing.T, f *libseccomp.ScmpFilter, r *Rules, o Options, base Action, call string) {
	t.Helper()
	nr, _ := Number(call)
	p := partition{t: t, f: f, o: o, base: base, nr: nr, def: r.Default.Return(o)}
	for i := range r.Checks {
		if r.Checks[i].Call == call {
			p.checks = append(p.checks, &r.Checks[i])
		}
	}
	p.fields = fields(p.checks)
	for i, a := range p.fields {
		for _, b := range p.fields[i+1:] {
			if a.index == b.index {
				t.Fatalf("%s: two masks for argument %d: this test can't split them", call, a.index)
			}
		}
	}
	p.split(0, nil)
}

// partition splits a call's arguments into cells with one answer each.
type partition struct {
	t      *testing.T
	f      *libseccomp.ScmpFilter
	o      Options
	nr     int
	base   Action
	def    uint32
	checks []*Check
	fields []field
}

// field is an argument under the one mask with which all checks look at it.
type field struct {
	index  int
	mask   uint64
	values []uint64
}

func fields(checks []*Check) []field {
	var fs []field
	for _, c := range checks {
		for _, a := range c.When {
			i := slices.IndexFunc(fs, func(f field) bool { return f.index == a.Index && f.mask == a.Mask })
			if i < 0 {
				i = len(fs)
				fs = append(fs, field{index: a.Index, mask: a.Mask})
			}
			for _, v := range a.Values {
				if !slices.Contains(fs[i].values, v) {
					fs[i].values = append(fs[i].values, v)
				}
			}
		}
	}
	return fs
}

// cell is a set of values of one argument: those equal to value under mask.
type cell struct {
	index       int
	mask, value uint64
}

// split emits a rule for the cells chosen so far if they decide the answer, or
// else divides the next field into each of its values and the rest.
func (p *partition) split(i int, cells []cell) {
	if a, ok := p.uniform(i, cells); ok {
		p.rule(a, cells)
		return
	}
	f := p.fields[i]
	for _, v := range f.values {
		p.split(i+1, append(slices.Clip(cells), cell{f.index, f.mask, v}))
	}
	for _, c := range f.rest() {
		p.split(i+1, append(slices.Clip(cells), c))
	}
}

// rest covers, without overlap, all values of the field that no check names:
// the subtrees that hang off the named values' paths in a tree of bits.
func (f field) rest() []cell {
	var cells []cell
	var walk func(bit int, mask, value uint64)
	walk = func(bit int, mask, value uint64) {
		if !slices.ContainsFunc(f.values, func(v uint64) bool { return v&mask == value }) {
			cells = append(cells, cell{f.index, mask, value})
			return
		}
		for bit >= 0 && f.mask>>bit&1 == 0 {
			bit--
		}
		if bit < 0 {
			return // a named value
		}
		walk(bit-1, mask|1<<bit, value)
		walk(bit-1, mask|1<<bit, value|1<<bit)
	}
	walk(63, 0, 0)
	return cells
}

// uniform reports the answer if the fields from i on can't change it.
func (p *partition) uniform(i int, cells []cell) (Action, bool) {
	var args [6]uint64
	for _, c := range cells {
		args[c.index] = c.value
	}
	var answer Action
	same, first := true, true
	var try func(i int)
	try = func(i int) {
		if i == len(p.fields) {
			a := p.answer(args)
			same = same && (first || a == answer)
			answer, first = a, false
			return
		}
		f := p.fields[i]
		values := slices.Clone(f.values)
		for _, c := range f.rest()[:min(1, len(f.rest()))] {
			values = append(values, c.value)
		}
		for _, v := range values {
			args[f.index] = v
			try(i + 1)
		}
	}
	try(i)
	return answer, same
}

func (p *partition) answer(args [6]uint64) Action {
	for _, c := range p.checks {
		if c.holds(args) {
			return c.Answer
		}
	}
	return p.base
}

// rule adds one cell. libseccomp refuses a rule that answers as the default.
func (p *partition) rule(a Action, cells []cell) {
	if a.Return(p.o) == p.def {
		return
	}
	var conditions []libseccomp.ScmpCondition
	for _, c := range cells {
		condition, err := libseccomp.MakeCondition(uint(c.index), libseccomp.CompareMaskedEqual, c.mask, c.value)
		must(p.t, err)
		conditions = append(conditions, condition)
	}
	if err := p.f.AddRuleConditional(libseccomp.ScmpSyscall(p.nr), theirs(a, p.o), conditions); err != nil {
		p.t.Fatalf("%s %v %v: %v", Name(p.nr), a, cells, err)
	}
}
