package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// group is the control group that this program was given, on cgroup v2. Each
// jail is started alone in one below it: one that shares its group can't hand on
// what bounds it (cgroups(7), "no internal processes").
type group struct {
	dir  string
	next int
}

// delegated moves this program out of its group's way.
func delegated() (*group, error) {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	_, path, ok := strings.Cut(strings.TrimSpace(string(text)), "0::")
	if !ok {
		return nil, fmt.Errorf("no group of cgroup v2 in %q", text)
	}
	g := &group{dir: filepath.Join("/sys/fs/cgroup", path)}
	own := filepath.Join(g.dir, "launch")
	if err := os.Mkdir(own, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(own, "cgroup.procs"), []byte("0"), 0); err != nil {
		return nil, err
	}
	return g, os.WriteFile(filepath.Join(g.dir, "cgroup.subtree_control"), []byte("+memory +pids"), 0)
}

// run runs a command in a group of its own.
func (g *group) run(cmd *exec.Cmd) error {
	g.next++
	dir := filepath.Join(g.dir, fmt.Sprint("jail-run-", g.next))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(f.Fd())}
	return cmd.Run()
}
