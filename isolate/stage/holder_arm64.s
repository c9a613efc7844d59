// A process that shares the supervisor's memory must not run Go, nor a signal
// handler of the runtime's: all signals are blocked from before its birth, and
// it makes three system calls without a stack.

#include "textflag.h"

#define SYS_exit_group $94
#define SYS_ppoll $73
#define SYS_rt_sigprocmask $135
#define SYS_prctl $167
#define SYS_getppid $173
#define SYS_clone $220

// func cloneHolder(flags, parent uintptr) (pid int)
TEXT ·cloneHolder(SB), NOSPLIT, $16-24
	MOVD $-1, R0
	MOVD R0, all-8(SP)
	MOVD $2, R0             // SIG_SETMASK
	MOVD $all-8(SP), R1
	MOVD $old-16(SP), R2
	MOVD $8, R3
	MOVD SYS_rt_sigprocmask, R8
	SVC
	MOVD flags+0(FP), R0
	MOVD parent+8(FP), R12
	MOVD $0, R1
	MOVD $0, R2
	MOVD $0, R3
	MOVD $0, R4
	MOVD SYS_clone, R8
	SVC
	CBZ  R0, child
	MOVD R0, pid+16(FP)
	MOVD $2, R0
	MOVD $old-16(SP), R1
	MOVD $0, R2
	MOVD $8, R3
	MOVD SYS_rt_sigprocmask, R8
	SVC
	RET

child:
	MOVD $1, R0             // PR_SET_PDEATHSIG
	MOVD $9, R1             // SIGKILL
	MOVD SYS_prctl, R8
	SVC
	MOVD SYS_getppid, R8    // did it end before that was set?
	SVC
	CMP  R12, R0
	BNE  orphan

hold:
	MOVD $0, R0             // no descriptor, no time: pause(2), which arm64 lacks
	MOVD $0, R1
	MOVD $0, R2
	MOVD $0, R3
	MOVD SYS_ppoll, R8
	SVC
	B    hold

orphan:
	MOVD SYS_exit_group, R8
	SVC
	B    orphan
