package tape

import "encoding/binary"

// Builder writes a tape: ops in order, constants, variables, labels.
type Builder struct {
	Ops    []Op
	consts []byte // at constBase, known only when the ops are counted: addresses are offsets until then
	vars   []byte
	args   []byte
	labels []int32
	fail   Label
	proc   Proc
	layer  string
}

// constTag marks an address as an offset into the constants, which follow the
// ops and so have no address before the tape is complete.
const constTag = uint64(OpsBase) | 1<<60

// NewBuilder makes a builder with room for a usual launch.
func NewBuilder() *Builder {
	return &Builder{
		Ops:    make([]Op, 0, 704),
		consts: make([]byte, 0, 14<<10),
		vars:   make([]byte, firstVar, 12<<10),
		labels: make([]int32, 0, 48),
	}
}

// Enter says who plays the ops that follow and where they go on an error.
func (b *Builder) Enter(p Proc, fail Label) { b.proc, b.fail = p, fail }

// InLayer says which policy layer the ops that follow belong to.
func (b *Builder) InLayer(l string) { b.layer = l }

// NewLabel makes a label whose place is set by Here.
func (b *Builder) NewLabel() Label {
	b.labels = append(b.labels, -1)
	return Label(len(b.labels) - 1)
}

// Here places a label before the next op.
func (b *Builder) Here(l Label) { b.labels[l] = int32(len(b.Ops)) }

// Call appends an op that fails on a negative result and goes on otherwise.
// The result can be changed until the next append.
func (b *Builder) Call(step string, nr uintptr, args ...uint64) *Op {
	b.Ops = append(b.Ops, Op{Call: uint64(nr), Neg: b.fail, Zero: Next, Pos: Next, Step: step, Layer: b.layer, Proc: b.proc})
	o := &b.Ops[len(b.Ops)-1]
	copy(o.Args[:], args)
	return o
}

// Because gives the reason for an op.
func (o *Op) Because(why string) *Op { o.Why = why; return o }

// Into stores the result at a.
func (o *Op) Into(a Addr) *Op { o.Dst = a; return o }

// Soft lets the tape go on when the call fails.
func (o *Op) Soft() *Op { o.Neg = Next; return o }

// Or goes to l when the call fails.
func (o *Op) Or(l Label) *Op { o.Neg = l; return o }

// Loading says which arguments are read from memory.
func (o *Op) Loading(args ...int) *Op {
	for _, i := range args {
		o.Load |= 1 << i
	}
	return o
}

// Const places read-only bytes, aligned to eight.
func (b *Builder) Const(p []byte) uint64 {
	b.alignConst()
	at := len(b.consts)
	b.consts = append(b.consts, p...)
	return constTag + uint64(at)
}

// CString places a read-only, zero-terminated string.
func (b *Builder) CString(s string) uint64 {
	at := len(b.consts)
	b.consts = append(b.consts, s...)
	b.consts = append(b.consts, 0)
	return constTag + uint64(at)
}

// Words places read-only 64-bit words.
func (b *Builder) Words(w ...uint64) uint64 {
	b.alignConst()
	at := len(b.consts)
	for _, v := range w {
		b.consts = binary.LittleEndian.AppendUint64(b.consts, v)
	}
	return constTag + uint64(at)
}

func (b *Builder) alignConst() {
	for len(b.consts)%8 != 0 {
		b.consts = append(b.consts, 0)
	}
}

// Var places n writable bytes, zeroed, aligned to eight.
func (b *Builder) Var(n int) Addr {
	at := len(b.vars)
	n = (n + 7) &^ 7
	b.vars = append(b.vars, make([]byte, n)...)
	return DataBase + Addr(at)
}

// SetVar writes words into a variable. A word may be an address of a constant.
func (b *Builder) SetVar(a Addr, words ...uint64) {
	for i, w := range words {
		binary.LittleEndian.PutUint64(b.vars[int(a-DataBase)+8*i:], w)
	}
}

// Strings places a vector of strings and its terminating zero in the segment
// that grows, and gives the vector's address.
func (b *Builder) Strings(list []string) uint64 {
	n := 0
	for _, s := range list {
		n += len(s) + 1
	}
	vec := make([]byte, 0, 8*(len(list)+1)+n+8)
	at := uint64(ArgsBase + len(b.args))
	text := at + uint64(8*(len(list)+1))
	for _, s := range list {
		vec = binary.LittleEndian.AppendUint64(vec, text)
		text += uint64(len(s)) + 1
	}
	vec = binary.LittleEndian.AppendUint64(vec, 0)
	for _, s := range list {
		vec = append(append(vec, s...), 0)
	}
	for len(vec)%8 != 0 {
		vec = append(vec, 0)
	}
	b.args = append(b.args, vec...)
	return at
}

// ConstText places the bytes of a string, aligned to eight and without a
// terminating zero.
func (b *Builder) ConstText(s string) uint64 {
	b.alignConst()
	at := len(b.consts)
	b.consts = append(b.consts, s...)
	return constTag + uint64(at)
}
