// The player goes through a tape of system calls. It holds no choice of its
// own: see package tape for the layout of an op.
//
//	 0 number   8..55 six arguments   56 mask   64 destination
//	72 next if negative   80 next if zero   88 next if positive
//
// It runs in an image of its own, at a fixed address, without a stack: no
// symbol may be referred to, and no literal but immediates.

#include "textflag.h"

#define OPS  $0x20000000
#define DATA $0x30000000

// ARG loads one argument, from memory where the mask's next bit says so.
#define ARG(off, reg) \
	MOVQ off(R12), reg; \
	SHRQ $1, BX; \
	JCC  2(PC); \
	MOVQ (reg), reg

TEXT ·player(SB), NOSPLIT|NOFRAME, $0
	MOVQ OPS, R12           // the op at hand
	MOVQ DATA, R13          // the error cell

play:
	MOVQ 56(R12), BX        // which arguments are words in memory
	ARG(8, DI)
	ARG(16, SI)
	ARG(24, DX)
	ARG(32, R10)
	ARG(40, R8)
	ARG(48, R9)
	MOVQ 0(R12), AX
	SYSCALL                 // clobbers RCX and R11 only
	MOVQ 64(R12), BX
	MOVQ AX, (BX)           // the result, in the op's slot
	TESTQ AX, AX
	JLT  negative
	JEQ  zero
	MOVQ 88(R12), R12
	JMP  play

zero:
	MOVQ 80(R12), R12
	JMP  play

negative:
	MOVQ R12, 8(R13)        // which op
	MOVQ AX, 16(R13)        // and why
	MOVQ 72(R12), R12
	JMP  play

	// The end mark, by which Code finds the length. It is never executed.
	BYTE $0x0F; BYTE $0x0B; BYTE $0x6A; BYTE $0x61
	BYTE $0x69; BYTE $0x6C; BYTE $0x0F; BYTE $0x0B
	RET

// func playerCode() *[maxCode]byte
TEXT ·playerCode(SB), NOSPLIT, $0-8
	LEAQ ·player(SB), AX
	MOVQ AX, ret+0(FP)
	RET
