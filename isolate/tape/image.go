package tape

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Tape is a complete list of ops with the memory that they refer to.
type Tape struct {
	Ops    []Op
	labels []int32
	consts []byte
	vars   []byte
	args   []byte
}

// Finish checks that every label has a place and gives the tape.
func (b *Builder) Finish() (*Tape, error) {
	for l, at := range b.labels {
		if at < 0 || int(at) >= len(b.Ops) {
			return nil, fmt.Errorf("tape: label %d of %d ops has no place", l, len(b.Ops))
		}
	}
	t := &Tape{Ops: b.Ops, labels: b.labels, consts: b.consts, vars: b.vars, args: b.args}
	t.settle()
	return t, nil
}

// settle turns offsets of constants into addresses, now that the ops that come
// before them are counted.
func (t *Tape) settle() {
	base := t.constBase()
	for i := range t.Ops {
		for j, a := range t.Ops[i].Args {
			t.Ops[i].Args[j] = settled(a, base)
		}
	}
	settleWords(t.consts, base)
	settleWords(t.vars, base)
}

func settled(a, base uint64) uint64 {
	if a>>32 == constTag>>32 {
		return a - constTag + base
	}
	return a
}

func settleWords(p []byte, base uint64) {
	for i := 0; i+8 <= len(p); i += 8 {
		if w := binary.LittleEndian.Uint64(p[i:]); w>>32 == constTag>>32 {
			binary.LittleEndian.PutUint64(p[i:], w-constTag+base)
		}
	}
}

func (t *Tape) constBase() uint64 { return OpsBase + uint64(len(t.Ops)*opSize) }

// Target gives the op to which a label leads from op i.
func (t *Tape) Target(i int, l Label) int {
	if l == Next {
		return i + 1
	}
	if l >= 0 && int(l) < len(t.labels) {
		return int(t.labels[l])
	}
	return -1
}

// In says whether n bytes at a lie within the image's memory.
func (t *Tape) In(a uint64, n int) bool {
	within := func(base uint64, size int) bool {
		return a >= base && a+uint64(n) <= base+uint64(size) && a+uint64(n) >= a
	}
	return within(t.constBase(), len(t.consts)) || within(DataBase, len(t.vars)) || within(ArgsBase, len(t.args))
}

// Writable says whether n bytes at a are variables.
func (t *Tape) Writable(a uint64, n int) bool {
	return a >= DataBase && a+uint64(n) <= DataBase+uint64(len(t.vars))
}

// CString reads the zero-terminated string at a.
func (t *Tape) CString(a uint64) (string, bool) {
	p := t.at(a)
	end := strings.IndexByte(string(p), 0)
	if end < 0 {
		return "", false
	}
	return string(p[:end]), true
}

// Word reads the 64-bit word at a.
func (t *Tape) Word(a uint64) uint64 {
	if p := t.at(a); len(p) >= 8 {
		return binary.LittleEndian.Uint64(p)
	}
	return 0
}

func (t *Tape) at(a uint64) []byte {
	switch {
	case a >= ArgsBase && a < ArgsBase+uint64(len(t.args)):
		return t.args[a-ArgsBase:]
	case a >= DataBase && a < DataBase+uint64(len(t.vars)):
		return t.vars[a-DataBase:]
	case a >= t.constBase() && a < t.constBase()+uint64(len(t.consts)):
		return t.consts[a-t.constBase():]
	}
	return nil
}

const (
	ehdrSize   = 64
	phdrSize   = 56
	segments   = 5
	ptLoad     = 1
	ptGNUStack = 0x6474e551
	flagX      = 1
	flagW      = 2
	flagR      = 4
)

// Image lays code and tape out as a static ELF executable (elf(5)).
func (t *Tape) Image(code []byte) []byte {
	roSize := len(t.Ops)*opSize + len(t.consts)
	codeOff := pageSize
	roOff := codeOff + roundPage(len(code))
	dataOff := roOff + roundPage(roSize)
	argsOff := dataOff + roundPage(len(t.vars))
	img := make([]byte, argsOff+len(t.args)+8)
	header(img, segments)
	ph := img[ehdrSize:]
	phdr(ph, 0, ptLoad, flagR|flagX, codeOff, CodeBase, len(code))
	phdr(ph, 1, ptLoad, flagR, roOff, OpsBase, roSize)
	phdr(ph, 2, ptLoad, flagR|flagW, dataOff, DataBase, len(t.vars))
	phdr(ph, 3, ptLoad, flagR, argsOff, ArgsBase, len(t.args)+8)
	phdr(ph, 4, ptGNUStack, flagR|flagW, 0, 0, 0)
	copy(img[codeOff:], code)
	t.encodeOps(img[roOff:])
	copy(img[roOff+len(t.Ops)*opSize:], t.consts)
	copy(img[dataOff:], t.vars)
	copy(img[argsOff:], t.args)
	return img
}

func roundPage(n int) int { return (n + pageSize - 1) &^ (pageSize - 1) }

func header(p []byte, phnum uint16) {
	copy(p, "\x7fELF\x02\x01\x01")
	le := binary.LittleEndian
	le.PutUint16(p[16:], 2) // ET_EXEC
	le.PutUint16(p[18:], elfMachine)
	le.PutUint32(p[20:], 1)
	le.PutUint64(p[24:], CodeBase)
	le.PutUint64(p[32:], ehdrSize)
	le.PutUint16(p[52:], ehdrSize)
	le.PutUint16(p[54:], phdrSize)
	le.PutUint16(p[56:], phnum)
}

func phdr(p []byte, i int, typ, flags uint32, off int, addr uint64, size int) {
	p = p[i*phdrSize:]
	le := binary.LittleEndian
	le.PutUint32(p, typ)
	le.PutUint32(p[4:], flags)
	le.PutUint64(p[8:], uint64(off))
	le.PutUint64(p[16:], addr)
	le.PutUint64(p[24:], addr)
	le.PutUint64(p[32:], uint64(size))
	le.PutUint64(p[40:], uint64(size))
	le.PutUint64(p[48:], pageSize)
}

// encodeOps writes ops in the layout that the player reads (player_*.s).
func (t *Tape) encodeOps(p []byte) {
	for i := range t.Ops {
		t.encode(p[i*opSize:], i, &t.Ops[i])
	}
}

// encode writes an op that stands at i, or stands for one that does.
func (t *Tape) encode(p []byte, i int, o *Op) {
	le := binary.LittleEndian
	le.PutUint64(p, o.Call)
	for j, a := range o.Args {
		le.PutUint64(p[8+8*j:], a)
	}
	le.PutUint64(p[56:], uint64(o.Load))
	le.PutUint64(p[64:], uint64(dst(o)))
	le.PutUint64(p[72:], t.address(i, o.Neg))
	le.PutUint64(p[80:], t.address(i, o.Zero))
	le.PutUint64(p[88:], t.address(i, o.Pos))
}

func dst(o *Op) Addr {
	if o.Dst == 0 {
		return scratch
	}
	return o.Dst
}

// scratch takes results that nobody reads; it lies in the error cell's line.
const scratch = DataBase + 24

func (t *Tape) address(i int, l Label) uint64 {
	return OpsBase + uint64(t.Target(i, l)*opSize)
}
