// A process that shares the supervisor's memory must not run Go, nor a signal
// handler of the runtime's: all signals are blocked from before its birth, and
// it makes three system calls without a stack.

#include "textflag.h"

#define SYS_rt_sigprocmask $14
#define SYS_pause $34
#define SYS_clone $56
#define SYS_prctl $157
#define SYS_getppid $110
#define SYS_exit_group $231

// func cloneHolder(flags, parent uintptr) (pid int)
TEXT ·cloneHolder(SB), NOSPLIT, $16-24
	MOVQ $-1, AX
	MOVQ AX, all-8(SP)
	MOVQ $2, DI             // SIG_SETMASK
	LEAQ all-8(SP), SI
	LEAQ old-16(SP), DX
	MOVQ $8, R10
	MOVQ SYS_rt_sigprocmask, AX
	SYSCALL
	MOVQ flags+0(FP), DI
	MOVQ parent+8(FP), R12
	XORQ SI, SI
	XORQ DX, DX
	XORQ R10, R10
	XORQ R8, R8
	MOVQ SYS_clone, AX
	SYSCALL
	TESTQ AX, AX
	JEQ  child
	MOVQ AX, pid+16(FP)
	MOVQ $2, DI
	LEAQ old-16(SP), SI
	XORQ DX, DX
	MOVQ $8, R10
	MOVQ SYS_rt_sigprocmask, AX
	SYSCALL
	RET

child:
	MOVQ $1, DI             // PR_SET_PDEATHSIG
	MOVQ $9, SI             // SIGKILL
	MOVQ SYS_prctl, AX
	SYSCALL
	MOVQ SYS_getppid, AX    // did it end before that was set?
	SYSCALL
	CMPQ AX, R12
	JNE  orphan

hold:
	MOVQ SYS_pause, AX
	SYSCALL
	JMP  hold

orphan:
	MOVQ SYS_exit_group, AX
	SYSCALL
	JMP  orphan
