package main

import (
	"fmt"
	"os"

	"github.com/jailrun/jail/test/vm/job"
	"golang.org/x/sys/unix"
)

// becomeSystemd leaves the first root and makes systemd process 1. It returns only
// when that fails.
func becomeSystemd(port *os.File) error {
	if err := leaveRootfs(); err != nil {
		return err
	}
	for _, err := range loadModules("/modules") {
		note(port, "%v", err)
	}
	const path = "/usr/lib/systemd/systemd"
	err := unix.Exec(path, []string{path}, []string{"PATH=/usr/bin:/usr/sbin", "LANG=C.UTF-8"})
	return fmt.Errorf("execute %s: %w", path, err)
}

// runService runs the jobs one after the other as children of systemd's service.
func runService(port *os.File) error {
	boot, err := orders()
	if err != nil {
		return err
	}
	for path, value := range settings {
		_ = os.WriteFile(path, []byte(value), 0)
	}
	note(port, "kernel %s, systemd, ready %.1fs after boot", release(), uptime().Seconds())
	for i, j := range boot.Jobs {
		fmt.Fprintln(port, job.Mark, job.Begin, i)
		fmt.Fprintln(port, job.FormatEnd(serve(port, i, j)))
	}
	return nil
}
