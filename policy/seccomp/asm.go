package seccomp

import "golang.org/x/sys/unix"

// asm builds a program from its end: whatever an instruction jumps to is there
// already, since classic BPF only jumps forward.
type asm struct {
	rev  []Filter // the last instruction first
	rets []label  // the latest returns, one for each value
}

// label is an instruction's distance from the end of the program.
type label int

// word is what the accumulator holds: a 32-bit word of Data under a mask.
type word struct{ offset, mask uint32 }

const (
	opLoad = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	opAnd  = unix.BPF_ALU | unix.BPF_AND | unix.BPF_K
	opJump = unix.BPF_JMP | unix.BPF_JA
	opJeq  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	opJge  = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	opRet  = unix.BPF_RET | unix.BPF_K
)

// maxJump is how far a conditional jump reaches: its offset is one byte.
const maxJump = 255

func (a *asm) emit(f Filter) label {
	a.rev = append(a.rev, f)
	return label(len(a.rev) - 1)
}

// skip is the offset that an instruction emitted next needs to reach to.
func (a *asm) skip(to label) int { return len(a.rev) - int(to) - 1 }

// ret answers k.
func (a *asm) ret(k uint32) label {
	for i, l := range a.rets {
		if a.rev[l].K != k {
			continue
		}
		if a.skip(l) > maxJump/2 {
			a.rets[i] = a.emit(Filter{Code: opRet, K: k})
		}
		return a.rets[i]
	}
	l := a.emit(Filter{Code: opRet, K: k})
	a.rets = append(a.rets, l)
	return l
}

// jump goes to yes where the accumulator compares with k, else to no.
func (a *asm) jump(op uint16, k uint32, yes, no label) label {
	if yes == no {
		return yes
	}
	yes = a.near(yes, 1) // no may need an instruction between
	no = a.near(no, 0)
	return a.emit(Filter{Code: op, Jt: uint8(a.skip(yes)), Jf: uint8(a.skip(no)), K: k})
}

// near is to itself if a conditional jump reaches it over room more
// instructions, or else a trampoline to it.
func (a *asm) near(to label, room int) label {
	if a.skip(to)+room <= maxJump {
		return to
	}
	if a.rev[to].Code == opRet {
		return a.emit(a.rev[to])
	}
	return a.goTo(to)
}

func (a *asm) goTo(to label) label {
	return a.emit(Filter{Code: opJump, K: uint32(a.skip(to))})
}

// load fills the accumulator with w and goes on at next.
func (a *asm) load(w word, next label) label {
	if a.skip(next) != 0 {
		a.goTo(next)
	}
	if w.mask != wholeWord {
		a.emit(Filter{Code: opAnd, K: w.mask})
	}
	return a.emit(Filter{Code: opLoad, K: w.offset})
}

const wholeWord = 1<<32 - 1

// program is what was built, first instruction first.
func (a *asm) program() []Filter {
	prog := make([]Filter, len(a.rev))
	for i, f := range a.rev {
		prog[len(prog)-1-i] = f
	}
	return prog
}
