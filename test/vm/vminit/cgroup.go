package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/jailrun/jail/test/vm/job"
	"golang.org/x/sys/unix"
)

const cgroupRoot = "/sys/fs/cgroup"

// hierarchies are the v1 mounts of a hybrid host; a kernel may lack some.
var hierarchies = []string{"cpu", "cpuacct", "memory", "pids", "freezer", "blkio", "devices", "cpuset", "hugetlb", "rdma"}

const cgroupFlags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC

func mountGroups(kind job.Cgroups) []error {
	switch kind {
	case job.CgroupsV2:
		return mountV2()
	case job.CgroupsHybrid:
		return mountHybrid()
	}
	return nil
}

func mountV2() []error {
	if err := mount("cgroup2", cgroupRoot, "nsdelegate", cgroupFlags); err != nil {
		return []error{err}
	}
	return nil
}

func mountHybrid() []error {
	if err := mount("tmpfs", cgroupRoot, "mode=0755", cgroupFlags); err != nil {
		return []error{err}
	}
	if err := mount("cgroup2", filepath.Join(cgroupRoot, "unified"), "", cgroupFlags); err != nil {
		return []error{err}
	}
	var errs []error
	for _, h := range hierarchies {
		if err := mount("cgroup", filepath.Join(cgroupRoot, h), h, cgroupFlags); err != nil {
			errs = append(errs, err)
			_ = os.Remove(filepath.Join(cgroupRoot, h))
		}
	}
	return errs
}

// jobGroups makes a group for a job wherever one can be, owned by its user as
// systemd's Delegate= does, and gives the folders. A v2 group gets every
// controller.
func jobGroups(kind job.Cgroups, i, uid int) ([]string, error) {
	var groups []string
	for _, root := range groupRoots(kind) {
		parent := filepath.Join(root, "jobs")
		group := filepath.Join(parent, strconv.Itoa(i))
		if err := os.MkdirAll(group, 0o755); err != nil {
			return nil, err
		}
		// Delegated hierarchies are v2's alone: systemd never gives a user a v1 one.
		if root == v2Root(kind) {
			enable(root)
			enable(parent)
			if err := delegate(group, uid); err != nil {
				return nil, err
			}
		}
		groups = append(groups, group)
	}
	return groups, nil
}

func groupRoots(kind job.Cgroups) []string {
	switch kind {
	case job.CgroupsV2:
		return []string{cgroupRoot}
	case job.CgroupsHybrid:
		roots, _ := filepath.Glob(filepath.Join(cgroupRoot, "*", "cgroup.procs"))
		for i := range roots {
			roots[i] = filepath.Dir(roots[i])
		}
		return roots
	}
	return nil
}

func v2Root(kind job.Cgroups) string {
	if kind == job.CgroupsHybrid {
		return filepath.Join(cgroupRoot, "unified")
	}
	return cgroupRoot
}

// enable hands every controller on to a group's children; one that refuses
// (cpu while a real-time task runs) must not take the others with it.
func enable(group string) {
	for _, c := range controllers(group) {
		_ = os.WriteFile(filepath.Join(group, "cgroup.subtree_control"), []byte("+"+c), 0)
	}
}

// delegate gives a group's folder and the files that /sys/kernel/cgroup/delegate
// names to a user.
func delegate(group string, uid int) error {
	for _, name := range []string{".", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"} {
		if err := os.Chown(filepath.Join(group, name), uid, uid); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("delegate %s: %w", group, err)
		}
	}
	return nil
}

func join(groups []string, pid int) error {
	for _, g := range groups {
		// cpuset (v1) takes no task before it has cpus and memory nodes.
		for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
			copyDown(g, name)
		}
		if err := os.WriteFile(filepath.Join(g, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0); err != nil {
			return err
		}
	}
	return nil
}

func copyDown(group, name string) {
	for _, dir := range []string{filepath.Dir(group), group} {
		if filepath.Base(filepath.Dir(filepath.Dir(group))) != "cpuset" {
			return
		}
		if b, err := os.ReadFile(filepath.Join(filepath.Dir(dir), name)); err == nil {
			_ = os.WriteFile(filepath.Join(dir, name), b, 0)
		}
	}
}
