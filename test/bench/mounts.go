package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// manyMounts are those of a busy container host.
const manyMounts = 2000

// orders is what a process of the benchmark's own is told, and answer what it
// tells back; both as JSON.
type orders struct {
	Dir, Jail, Bwrap string
	N, Warm          int
	Extra            int // mounts to make, or heap to hold in MiB
}

func (l *lab) orders(extra int) orders {
	return orders{Dir: l.dir, Jail: l.jail, Bwrap: l.bwrap, N: l.n, Warm: l.warm, Extra: extra}
}

func (o orders) lab() *lab {
	return &lab{dir: o.Dir, jail: o.Jail, bwrap: o.Bwrap, n: o.N, warm: o.Warm}
}

// answer carries a duel's times in nanoseconds.
type answer struct{ Ours, Theirs []int64 }

// roles are what such a process can be.
var roles = map[string]func(context.Context, orders) (duel, error){
	"mounts":  amongMounts,
	"library": amongLibrary,
	"heap":    amongHeap,
}

// play is the process's side.
func play(ctx context.Context, role, spec string) error {
	var o orders
	if err := json.Unmarshal([]byte(spec), &o); err != nil {
		return err
	}
	act, ok := roles[role]
	if !ok {
		return fmt.Errorf("no role %q", role)
	}
	d, err := act(ctx, o)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(answer{nanoseconds(d.ours), nanoseconds(d.theirs)})
}

// ask starts a process of the benchmark's own and gives its answer.
func (l *lab) ask(ctx context.Context, role string, extra int, attr *syscall.SysProcAttr) (duel, error) {
	spec, err := json.Marshal(l.orders(extra))
	if err != nil {
		return duel{}, err
	}
	cmd := exec.CommandContext(ctx, l.self, "-role", role, "-spec", string(spec))
	cmd.SysProcAttr, cmd.Stderr = attr, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return duel{}, fmt.Errorf("role %s: %w", role, err)
	}
	var a answer
	if err := json.Unmarshal(out, &a); err != nil {
		return duel{}, fmt.Errorf("role %s: %w", role, err)
	}
	return duel{durations(a.Ours), durations(a.Theirs)}, nil
}

// execAmongMounts measures a launch on a host with many mounts, which a mount
// namespace of the benchmark's own stands for.
func execAmongMounts(ctx context.Context, l *lab) ([]figure, error) {
	if l.bwrap == "" {
		return nil, errNoBwrap
	}
	d, err := l.ask(ctx, "mounts", manyMounts, &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS})
	return contest("exec, 2000 mounts", "bwrap", d, bounds{50, 0.3, 0.15}), err
}

func amongMounts(ctx context.Context, o orders) (duel, error) {
	if err := makeMounts(o.Extra); err != nil {
		return duel{}, err
	}
	l := o.lab()
	// bubblewrap needs some 60 ms here, so fewer rounds do.
	return fight(ctx, l.jailTrue(0), l.bwrapTrue(0), max(l.warm/4, 2), max(l.n/2, 10))
}

// makeMounts fills this process's mount namespace; they go with it.
func makeMounts(n int) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make / private: %w", err)
	}
	// /mnt is in every host, and outside all that the launches bind.
	const at = "/mnt"
	if err := unix.Mount("tmpfs", at, "tmpfs", 0, ""); err != nil {
		return fmt.Errorf("mount tmpfs on %s: %w", at, err)
	}
	for i := range n {
		dir := filepath.Join(at, strconv.Itoa(i))
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(dir, dir, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("bind %s: %w", dir, err)
		}
	}
	return nil
}
