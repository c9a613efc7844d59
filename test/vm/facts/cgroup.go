package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

var errNoGroup = errors.New("no v2 tree")

// ownGroup is the v2 group that this program stands in (cgroups(7)).
func ownGroup() (string, error) {
	b, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	_, path, ok := strings.Cut("\n"+string(b), "\n0::")
	for _, root := range []string{"/sys/fs/cgroup/unified", "/sys/fs/cgroup"} {
		group := filepath.Join(root, strings.TrimSpace(path))
		if _, err := os.Stat(filepath.Join(group, "cgroup.procs")); ok && err == nil {
			return group, nil
		}
	}
	return "", errNoGroup
}

// within makes a group and gives a sleeper that is born in it.
func within(use func(group string, sleeper *exec.Cmd) error) error {
	own, err := ownGroup()
	if err != nil {
		return err
	}
	group := filepath.Join(own, "facts")
	if err := os.Mkdir(group, 0o755); err != nil {
		return err
	}
	defer func() { _ = os.Remove(group) }()
	dir, err := os.Open(group)
	if err != nil {
		return err
	}
	defer dir.Close()
	c := exec.Command("/usr/bin/sleep", "60")
	c.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	if err := c.Start(); err != nil {
		return err
	}
	defer func() { _, _ = c.Process.Kill(), c.Wait() }()
	return use(group, c)
}

// cloneIntoGroup looks whether a clone3(2) with CLONE_INTO_CGROUP is in it.
func cloneIntoGroup() error {
	return within(func(group string, sleeper *exec.Cmd) error {
		b, err := os.ReadFile(filepath.Join(group, "cgroup.procs"))
		if err == nil && len(b) == 0 {
			err = errors.New("born elsewhere")
		}
		return err
	})
}

func groupKill() error {
	return within(func(group string, sleeper *exec.Cmd) error {
		f, err := os.OpenFile(filepath.Join(group, "cgroup.kill"), os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := f.WriteString("1"); err != nil {
			return err
		}
		state, err := sleeper.Process.Wait()
		if err == nil && state.Sys().(syscall.WaitStatus).Signal() != unix.SIGKILL {
			err = errors.New("not killed")
		}
		return err
	})
}

func memoryPeak() error { return readable("memory.peak") }

func swapLimit() error { return readable("memory.swap.max") }

// readable reads a file of the group that our user was given: that of a session
// is below it, without controllers.
func readable(name string) error {
	own, err := ownGroup()
	if err == nil {
		_, err = os.ReadFile(filepath.Join(strings.TrimSuffix(own, "/session"), name))
	}
	return err
}

// pressure reads the system's (Documentation/accounting/psi.rst) and the group's.
func pressure() error {
	b, err := os.ReadFile("/proc/pressure/memory")
	if err == nil && !strings.HasPrefix(string(b), "some ") {
		err = errors.New("not accounted")
	}
	if _, none := ownGroup(); none == nil {
		err = errors.Join(err, readable("cpu.pressure"))
	}
	return err
}
