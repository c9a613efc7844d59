package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// sameFile says whether two files are one, however often it was opened.
func sameFile(a, b *os.File) bool {
	if a == nil || b == nil {
		return false
	}
	x, errX := a.Stat()
	y, errY := b.Stat()
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// onePlace says whether two files are one place to write to, so that the order
// of what comes for both is seen there: the same pipe, socket or terminal, or
// the same opening of a file, whose offset both share (2>&1).
func onePlace(a, b *os.File) bool {
	if a == b || !sameFile(a, b) {
		return a == b
	}
	st, err := a.Stat()
	return err == nil && (!st.Mode().IsRegular() || sameOpening(int(a.Fd()), int(b.Fd())))
}

// sameOpening asks kcmp(2); a kernel without it says nothing, and they are two.
func sameOpening(a, b int) bool {
	const file = 0 // KCMP_FILE
	pid := uintptr(unix.Getpid())
	order, _, errno := unix.Syscall6(unix.SYS_KCMP, pid, pid, file, uintptr(a), uintptr(b), 0)
	return errno == 0 && order == 0
}
