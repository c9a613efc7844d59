// A signal handler that runs no Go code, and so asks for no goroutine: it runs on
// the monitor thread, which has none. The kernel restores every register.

#include "textflag.h"

#define SYS_rt_sigreturn $139
#define SYS_prctl $167

TEXT ·slacken(SB), NOSPLIT|NOFRAME, $0
	MOVD $29, R0            // PR_SET_TIMERSLACK
	MOVD $10000000, R1      // ns
	MOVD SYS_prctl, R8
	SVC
	RET                     // the link register holds the restorer

TEXT ·sigreturn(SB), NOSPLIT|NOFRAME, $0
	MOVD SYS_rt_sigreturn, R8
	SVC
	BRK                     // not reached

// func calmer() (handler, restorer uintptr)
TEXT ·calmer(SB), NOSPLIT, $0-16
	MOVD $·slacken(SB), R0
	MOVD R0, handler+0(FP)
	MOVD $·sigreturn(SB), R0
	MOVD R0, restorer+8(FP)
	RET
