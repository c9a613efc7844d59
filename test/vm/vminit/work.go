package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/jailrun/jail/test/vm/job"
	"golang.org/x/sys/unix"
)

// work runs one job with its output on port, and reaps what it leaves behind.
func work(port *os.File, kind job.Cgroups, i int, j job.Job) job.Result {
	start := time.Now()
	status := launch(port, kind, i, j)
	reap()
	return job.Result{Job: i, Status: status, Took: time.Since(start)}
}

// serve runs a job in no group of its own, and leaves what it left behind to
// systemd.
func serve(port *os.File, i int, j job.Job) job.Result {
	start := time.Now()
	cmd := command(port, j)
	cmd.Args = append(cmd.Args[:1], j.Argv...)
	cmd.Path = j.Argv[0]
	return job.Result{Job: i, Status: ending(cmd.Run()), Took: time.Since(start)}
}

func launch(port *os.File, kind job.Cgroups, i int, j job.Job) string {
	restore, err := set(j.Settings)
	defer restore()
	if err != nil {
		return fmt.Sprintf("setting: %v", err)
	}
	groups, err := jobGroups(kind, i, j.UID)
	if err != nil {
		return fmt.Sprintf("group: %v", err)
	}
	gate, opened, err := os.Pipe()
	if err != nil {
		return fmt.Sprintf("pipe: %v", err)
	}
	defer opened.Close()
	cmd := command(port, j)
	cmd.Stdin = gate
	err = cmd.Start()
	gate.Close()
	if err != nil {
		return fmt.Sprintf("start: %v", err)
	}
	if err := join(groups, cmd.Process.Pid); err != nil {
		note(port, "job %d runs outside its group: %v", i, err)
	}
	opened.Close() // end of file is the sign to go on
	return ending(cmd.Wait())
}

// command waits at its standard input until it stands in its groups.
func command(port *os.File, j job.Job) *exec.Cmd {
	wait := []string{"/usr/bin/busybox", "sh", "-c", `read -r _; exec "$@" </dev/null`, "sh"}
	cmd := exec.Command(wait[0], append(wait[1:], j.Argv...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = j.Dir, port, port
	home := "/root"
	if j.UID != 0 {
		home = "/home/user"
	}
	cmd.Env = append([]string{"PATH=/usr/bin:/usr/sbin", "HOME=" + home, "TMPDIR=/tmp", "LANG=C.UTF-8"}, j.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setsid:     true,
		Credential: &syscall.Credential{Uid: uint32(j.UID), Gid: uint32(j.UID), Groups: []uint32{}},
	}
	return cmd
}

func ending(err error) string {
	var e *exec.ExitError
	switch {
	case err == nil:
		return "exit 0"
	case !errors.As(err, &e):
		return err.Error()
	}
	ws := e.Sys().(syscall.WaitStatus)
	if ws.Signaled() {
		return fmt.Sprintf("signal %d", ws.Signal())
	}
	return fmt.Sprintf("exit %d", ws.ExitStatus())
}

// reap ends and collects whatever the job left: the next one starts alone.
func reap() {
	if others() {
		_ = unix.Kill(-1, unix.SIGKILL)
	}
	for {
		if _, err := unix.Wait4(-1, nil, 0, nil); err == unix.ECHILD {
			return
		}
	}
}

// others tells whether process 1 has children; those that were orphaned are.
func others() bool {
	b, err := os.ReadFile("/proc/1/task/1/children")
	return err != nil || len(bytes.TrimSpace(b)) > 0
}
