// A signal handler that runs no Go code, and so asks for no goroutine: it runs on
// the monitor thread, which has none. The kernel restores every register.

#include "textflag.h"

#define SYS_rt_sigreturn $15
#define SYS_prctl $157

TEXT ·slacken(SB), NOSPLIT|NOFRAME, $0
	MOVQ $29, DI            // PR_SET_TIMERSLACK
	MOVQ $10000000, SI      // ns
	MOVQ SYS_prctl, AX
	SYSCALL
	RET

TEXT ·sigreturn(SB), NOSPLIT|NOFRAME, $0
	MOVQ SYS_rt_sigreturn, AX
	SYSCALL
	INT  $3                 // not reached

// func calmer() (handler, restorer uintptr)
TEXT ·calmer(SB), NOSPLIT, $0-16
	LEAQ ·slacken(SB), AX
	MOVQ AX, handler+0(FP)
	LEAQ ·sigreturn(SB), AX
	MOVQ AX, restorer+8(FP)
	RET
