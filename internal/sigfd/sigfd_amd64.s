#include "textflag.h"

// onSignal is called by the kernel, on the thread's signal stack, with the
// signal's number in DI. It may run at any instruction of any thread, so it
// touches nothing but its own stack. The kernel restores all registers.
TEXT ·onSignal(SB), NOSPLIT|NOFRAME, $0
	SUBQ $16, SP
	MOVL DI, 8(SP)
	MOVL ·writeEnd(SB), DI
	LEAQ 8(SP), SI
	MOVL $4, DX
	MOVL $1, AX             // write: a full pipe loses the signal, as the kernel merges them too
	SYSCALL
	ADDQ $16, SP
	RET                     // to the restorer

TEXT ·onReturn(SB), NOSPLIT|NOFRAME, $0
	MOVL $15, AX            // rt_sigreturn
	SYSCALL
	INT $3                  // it does not return

// func handler() uintptr
TEXT ·handler(SB), NOSPLIT, $0-8
	LEAQ ·onSignal(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func restorer() uintptr
TEXT ·restorer(SB), NOSPLIT, $0-8
	LEAQ ·onReturn(SB), AX
	MOVQ AX, ret+0(FP)
	RET
