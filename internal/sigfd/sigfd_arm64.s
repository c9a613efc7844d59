#include "textflag.h"

// onSignal is called by the kernel, on the thread's signal stack, with the
// signal's number in R0 and the restorer in the link register. It may run at any
// instruction of any thread, so it touches nothing but its own stack, which it
// keeps aligned to 16 bytes. The kernel restores all registers.
TEXT ·onSignal(SB), NOSPLIT|NOFRAME, $0
	SUB  $16, RSP
	MOVW R0, 8(RSP)
	MOVW ·writeEnd(SB), R0
	ADD  $8, RSP, R1
	MOVD $4, R2
	MOVD $64, R8            // write: a full pipe loses the signal, as the kernel merges them too
	SVC
	ADD  $16, RSP
	RET                     // to the restorer

TEXT ·onReturn(SB), NOSPLIT|NOFRAME, $0
	MOVD $139, R8           // rt_sigreturn
	SVC
	BRK                     // it does not return

// func handler() uintptr
TEXT ·handler(SB), NOSPLIT, $0-8
	MOVD $·onSignal(SB), R0
	MOVD R0, ret+0(FP)
	RET

// func restorer() uintptr
TEXT ·restorer(SB), NOSPLIT, $0-8
	MOVD $·onReturn(SB), R0
	MOVD R0, ret+0(FP)
	RET
