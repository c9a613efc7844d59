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

// ARG loads one argument, from memory where its bit of the mask says so.
#define ARG(bit, off, reg) \
	MOVD off(R19), reg; \
	TBZ  $bit, R21, 2(PC); \
	MOVD (reg), reg

TEXT ·player(SB), NOSPLIT|NOFRAME, $0
	MOVD OPS, R19           // the op at hand
	MOVD DATA, R20          // the error cell

play:
	MOVD 56(R19), R21       // which arguments are words in memory
	ARG(0, 8, R0)
	ARG(1, 16, R1)
	ARG(2, 24, R2)
	ARG(3, 32, R3)
	ARG(4, 40, R4)
	ARG(5, 48, R5)
	MOVD 0(R19), R8
	SVC                     // changes R0 only
	MOVD 64(R19), R9
	MOVD R0, (R9)           // the result, in the op's slot
	TBNZ $63, R0, negative
	CBZ  R0, zero
	MOVD 88(R19), R19
	B    play

zero:
	MOVD 80(R19), R19
	B    play

negative:
	MOVD R19, 8(R20)        // which op
	MOVD R0, 16(R20)        // and why
	MOVD 72(R19), R19
	B    play

	// The end mark, by which Code finds the length. It is never executed.
	WORD $0x616a0b0f
	WORD $0x0b0f6c69
	RET

// func playerCode() *[maxCode]byte
TEXT ·playerCode(SB), NOSPLIT, $0-8
	MOVD $·player(SB), R0
	MOVD R0, ret+0(FP)
	RET
