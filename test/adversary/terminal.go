package main

import (
	"os"
	"os/exec"
	"strconv"

	"golang.org/x/sys/unix"
)

// atTerminal runs a command with a terminal as its standard input and as its
// session's, as a shell would.
func atTerminal(c *exec.Cmd) error {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer master.Close()
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		return err
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		return err
	}
	slave, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	c.Stdin = slave
	c.SysProcAttr.Setsid, c.SysProcAttr.Setctty = true, true
	err = c.Run()
	slave.Close()
	return err
}
