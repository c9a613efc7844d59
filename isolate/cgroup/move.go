package cgroup

import (
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// moveRounds bounds how often new tasks are looked for: a child of one that was
// moved is born where it is, so each round finds those alone whose fork was
// under way.
const moveRounds = 100

// moveAll moves the processes of a directory, and of all below it, to one of
// another hierarchy, but those that are in it or below it already.
func moveAll(from int, to *tree) error {
	for range moveRounds {
		all, err := processesBelow(from, ".")
		if err != nil {
			return fail("list the processes for", to.path, err)
		}
		here, err := processesBelow(to.fd, ".")
		if err != nil {
			return fail("list the processes of", to.path, err)
		}
		moved := 0
		for _, pid := range all {
			if slices.Contains(here, pid) {
				continue
			}
			moved++
			text := strconv.Itoa(pid)
			if err := writeFile(to.fd, "cgroup.procs", text); err != nil && err != unix.ESRCH {
				return fail("move process "+text+" to", to.path, err)
			}
		}
		if moved == 0 {
			return nil
		}
	}
	return &Error{Op: "move the tasks to", Path: to.path, Err: unix.EBUSY}
}

// processesBelow lists the processes of a directory and of all below it. One that
// is removed meanwhile has none.
func processesBelow(dir int, name string) ([]int, error) {
	fd, err := open(dir, name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err == unix.ENOENT {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d := os.NewFile(uintptr(fd), name)
	defer d.Close()
	pids, err := processes(fd)
	if err != nil && err != unix.ENOENT && err != unix.ENODEV {
		return nil, err
	}
	entries, err := d.ReadDir(-1)
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		more, err := processesBelow(fd, e.Name())
		if err != nil {
			return nil, err
		}
		pids = append(pids, more...)
	}
	return pids, err
}
