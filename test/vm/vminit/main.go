// Vminit is process 1 of a test guest: it mounts what a host has, runs the jobs
// that it finds in its first root, tells of them on a serial line, and powers
// off. Or systemd is process 1, and vminit a service that does the rest. It is built static and knows nothing of what it runs.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/jailrun/jail/test/vm/job"
	"golang.org/x/sys/unix"
)

func main() {
	port, err := openPort()
	if err != nil {
		fmt.Fprintln(os.Stderr, "vminit:", err) // the console still shows it
		powerOff()
	}
	start := run
	if os.Getpid() != 1 {
		start = runService
	}
	if err := start(port); err != nil {
		note(port, "failed: %v", err)
	}
	fmt.Fprintln(port, job.Mark, job.Done)
	drain(port)
	powerOff()
}

func run(port *os.File) error {
	boot, err := orders()
	if err != nil {
		return err
	}
	if boot.Systemd {
		return becomeSystemd(port)
	}
	for _, err := range prepare(boot.Cgroups) {
		note(port, "%v", err)
	}
	return runJobs(port, boot)
}

func orders() (boot job.Boot, err error) {
	data, err := os.ReadFile(job.File)
	if err == nil {
		err = json.Unmarshal(data, &boot)
	}
	if err != nil {
		err = fmt.Errorf("read %s: %w", job.File, err)
	}
	return boot, err
}

func runJobs(port *os.File, boot job.Boot) error {
	note(port, "kernel %s, landlock %d, ready %.1fs after boot", release(), landlockABI(), uptime().Seconds())
	for i, j := range boot.Jobs {
		fmt.Fprintln(port, job.Mark, job.Begin, i)
		r := work(port, boot.Cgroups, i, j)
		fmt.Fprintln(port, job.FormatEnd(r))
	}
	return nil
}

func note(port *os.File, format string, args ...any) {
	fmt.Fprintln(port, job.Mark, job.Note, fmt.Sprintf(format, args...))
}

func release() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(u.Release[:])
}

// landlockABI is 0 where the kernel has none (landlock_create_ruleset(2)).
func landlockABI() int {
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(abi)
}

func uptime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// powerOff ends the machine; a guest must not idle on after a failure.
func powerOff() {
	unix.Sync()
	if err := unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF); err != nil {
		fmt.Fprintln(os.Stderr, "vminit: power off:", err)
		os.Exit(1) // the kernel panics, and the host runs with -no-reboot
	}
}
