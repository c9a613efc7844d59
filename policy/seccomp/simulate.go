package seccomp

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// Simulate runs a filter on one call as the kernel would, and counts the
// instructions. It knows what this package and libseccomp emit; the error is an
// *Error for anything else, and for a program that runs off its end.
func Simulate(prog []Filter, d Data) (ret uint32, steps int, err error) {
	var acc uint32
	for pc := 0; pc < len(prog); pc++ {
		f := prog[pc]
		steps++
		switch f.Code {
		case opRet:
			return f.K, steps, nil
		case opLoad:
			w, ok := d.word(f.K)
			if !ok {
				return 0, steps, broken(pc, ErrBadProgram)
			}
			acc = w
		case opAnd:
			acc &= f.K
		case opJump:
			pc += int(f.K)
		default:
			holds, ok := f.compare(acc)
			if !ok {
				return 0, steps, broken(pc, ErrBadOperation)
			}
			pc += int(f.taken(holds))
		}
	}
	return 0, steps, broken(len(prog), ErrBadProgram)
}

// compare is a conditional jump's condition.
func (f Filter) compare(acc uint32) (holds, ok bool) {
	switch f.Code {
	case opJeq:
		return acc == f.K, true
	case opJge:
		return acc >= f.K, true
	case unix.BPF_JMP | unix.BPF_JGT | unix.BPF_K:
		return acc > f.K, true
	case unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K:
		return acc&f.K != 0, true
	}
	return false, false
}

func (f Filter) taken(holds bool) uint8 {
	if holds {
		return f.Jt
	}
	return f.Jf
}

// word is the aligned 32-bit word at an offset of the kernel's struct.
func (d *Data) word(offset uint32) (w uint32, ok bool) {
	if offset%4 != 0 || offset >= 64 {
		return 0, false
	}
	switch {
	case offset == offsetNr:
		return uint32(d.Nr), true
	case offset == offsetArch:
		return d.Arch, true
	case offset < offsetArgs:
		return half(d.IP, offset), true
	}
	return half(d.Args[(offset-offsetArgs)/8], offset), true
}

func half(v uint64, offset uint32) uint32 { return uint32(v >> (offset % 8 * 8)) }

func broken(pc int, err error) error {
	return &Error{Op: "simulate", Object: "instruction " + strconv.Itoa(pc), Err: err}
}
