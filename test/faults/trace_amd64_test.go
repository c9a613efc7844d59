package faults

import "golang.org/x/sys/unix"

// callNumber is that of the system call that a process is halted at.
func callNumber(r *unix.PtraceRegs) uint64 { return r.Orig_rax }
