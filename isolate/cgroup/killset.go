package cgroup

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"
)

// KillSet kills the programs of all jails in a set and in the sets in it, with all
// that they have started, and waits until they are dead. Each jail ends as one
// whose program was killed by a signal; their supervisors are left alone.
func (h *Host) KillSet(set string) error {
	places, done, err := h.setPlaces(set)
	defer done()
	if err != nil {
		return err
	}
	ctx, cancel := background()
	defer cancel()
	for {
		alive := 0
		for _, p := range places {
			n, err := p.killMembers(ctx)
			if err != nil {
				return err
			}
			alive += n
		}
		if alive == 0 {
			return nil
		}
	}
}

// killMembers kills the programs of the jails in one directory, and says how many
// processes those had.
func (t *tree) killMembers(ctx context.Context) (alive int, err error) {
	names, err := t.list()
	if errors.Is(err, unix.ENOENT) {
		return 0, nil // its last member has gone
	}
	if err != nil {
		return 0, fail("list", t.path, err)
	}
	for _, name := range names {
		n, err := t.killProgram(ctx, name)
		if err != nil {
			return 0, err
		}
		alive += n
	}
	return alive, nil
}

// killProgram leaves pid 1 alone: on v2 it is in a leaf of its own, and a twin
// without leaves is passed over, since the program is in v1's directories too.
func (t *tree) killProgram(ctx context.Context, name string) (alive int, err error) {
	if t.version == 2 {
		name += "/" + leafTarget
	}
	dir, err := open(t.fd, name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err == unix.ENOENT {
		return 0, nil // it has ended
	}
	if err != nil {
		return 0, fail("open", t.path+"/"+name, err)
	}
	defer unix.Close(dir)
	fds, err := openMembers(dir)
	if err == unix.ENODEV || err == unix.ENOENT || err == nil && len(fds) == 0 {
		return 0, nil // removed meanwhile, or its program is yet to come
	}
	if err != nil {
		return 0, fail("read", t.path+"/"+name+"/cgroup.procs", err)
	}
	defer closeAll(fds)
	_ = writeFile(dir, "pids.max", "0")    // it is to grow no more, where this hierarchy counts tasks
	_ = writeFile(dir, "cgroup.kill", "1") // all at once, where it is there (5.14)
	for _, fd := range fds {
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) // ESRCH: it is dead already
	}
	if err := waitAll(ctx, fds); err != nil {
		return 0, fail("kill the processes of", t.path+"/"+name, err)
	}
	return len(fds), nil
}
