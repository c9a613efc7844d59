package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/jailrun/jail/test/vm/job"
	"golang.org/x/sys/unix"
)

// openPort opens the serial line, raw: a terminal would add carriage returns.
// It is there before /dev is, since the archive of the first root brings it.
func openPort() (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(job.Port), 0o755); err != nil {
		return nil, err
	}
	if err := unix.Mknod(job.Port, unix.S_IFCHR|0o600, int(unix.Mkdev(4, portMinor))); err != nil && err != unix.EEXIST {
		return nil, fmt.Errorf("make %s: %w", job.Port, err)
	}
	f, err := os.OpenFile(job.Port, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	t, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		return nil, fmt.Errorf("read settings of %s: %w", job.Port, err)
	}
	t.Oflag &^= unix.OPOST
	t.Lflag &^= unix.ECHO | unix.ICANON | unix.ISIG
	if err := unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, t); err != nil {
		return nil, fmt.Errorf("set %s raw: %w", job.Port, err)
	}
	return f, nil
}

// drain waits until the line has sent all (tcdrain(3)).
func drain(f *os.File) {
	_ = unix.IoctlSetInt(int(f.Fd()), unix.TCSBRK, 1)
}
