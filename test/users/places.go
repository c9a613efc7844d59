package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/test/podman"
)

const user = 1000

// place is where an ordinary user may be: a column of the table.
type place struct{ name, doc string }

// The places.
var (
	delegated = place{"systemd, delegated", "cgroup v2; in `jail doctor --delegate -- …`, as Debian 12 is; `systemd-run --user --scope -p Delegate=yes` gives the same"}
	whole     = place{"systemd, all delegated", "the same, after root has done once what `jail doctor --delegate` says"}
	login     = place{"systemd, login session", "cgroup v2; nothing was asked for"}
	bare      = place{"cgroup v1", "a host whose controllers are on v1; without systemd, or with one that does not delegate them"}
	container = place{"podman", "a container without rights, with the two flags of [containers.md](containers.md)"}
	defaults  = place{"podman, its defaults", "a container without rights or flags: nothing runs but by `--try` of each layer, as here"}
)

// places are in the order of the page.
var places = []place{delegated, whole, login, bare, container, defaults}

// ways are the names of places in test/vm/users.sh.
var ways = map[string]place{"delegate": delegated, "all": whole, "login": login}

func build(ctx context.Context, to, pkg string) error {
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", to, "github.com/jailrun/jail/"+pkg)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w: %s", pkg, err, out)
	}
	return nil
}

// inGuest boots a Debian with systemd.
func inGuest(ctx context.Context, dir string, t *table, verbose bool) error {
	probe := filepath.Join(dir, "guest-probe")
	if err := build(ctx, probe, "test/users/probe"); err != nil {
		return err
	}
	args := []string{"run", "./test/vm/run", "-systemd", "-kernels", "6.18", "-users", "0", "-v", "-timeout", "15m", "-packages", "",
		"-add", "/usr/bin/jail=bin/jail", "-add", "/usr/bin/jaild=bin/jaild", "-add", "/usr/bin/probe=" + probe,
		"-add", "/usr/bin/users=test/vm/users.sh", "-command", "sh /usr/bin/users"}
	c := exec.CommandContext(ctx, "go", args...)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if verbose || err != nil {
		fmt.Print(string(out))
	}
	if err != nil {
		return fmt.Errorf("the guest: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "users: ")
		way, cell, _ := strings.Cut(rest, " ")
		if !ok {
			continue
		}
		if err := t.add(ways[way], []byte(cell)); err != nil {
			return err
		}
	}
	return nil
}

// folder makes one that the user may write to, with jail and the probe beside it.
func folder(ctx context.Context, dir string) (string, error) {
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	for _, d := range []string{"bin", "work"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return "", err
		}
	}
	work := filepath.Join(dir, "work")
	for to, pkg := range map[string]string{"bin/jail": "cmd/jail", "work/probe": "test/users/probe"} {
		if err := build(ctx, filepath.Join(dir, to), pkg); err != nil {
			return "", err
		}
	}
	return work, os.Chown(work, user, user)
}

// onHost tries it here, if the controllers are on v1.
func onHost(ctx context.Context, dir string, t *table) error {
	if _, err := os.Stat("/sys/fs/cgroup/memory/cgroup.procs"); err != nil {
		t.unseen = append(t.unseen, bare.name)
		return nil // the column is as it was
	}
	work, err := folder(ctx, dir)
	if err != nil {
		return err
	}
	c := exec.CommandContext(ctx, "./probe")
	c.Dir = work
	c.Env = []string{"PATH=" + filepath.Join(dir, "bin") + ":/usr/bin:/bin", "HOME=" + work}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	return t.read(bare, c)
}

// inContainers tries it with the flags that docs/containers.md recommends, and
// with none.
func inContainers(ctx context.Context, dir string, t *table) error {
	if _, err := folder(ctx, dir); err != nil {
		return err
	}
	profile, err := filepath.Abs("contrib/seccomp/jail.json")
	if err != nil {
		return err
	}
	engine, err := podman.New(filepath.Join(dir, "podman"), 0)
	if err != nil {
		return err
	}
	defer func() { _ = engine.Close(context.WithoutCancel(ctx)) }()
	flags := []string{"--user", fmt.Sprint(user), "-v", dir + "/bin:/opt:ro", "-v", dir + "/work:/work:ro"}
	for _, p := range []struct {
		place place
		flags []string
		probe string
	}{
		{container, []string{"--security-opt", "seccomp=" + profile, "--security-opt", "unmask=/proc/*"}, ""},
		{defaults, nil, tries()},
	} {
		line := "cd $(mktemp -d) && cp /work/probe . && PATH=/opt:$PATH exec ./probe" + p.probe
		argv := engine.Argv(append(p.flags, flags...), "sh", "-c", line)
		if err := t.read(p.place, exec.CommandContext(ctx, argv[0], argv[1:]...)); err != nil {
			return err
		}
	}
	return nil
}

func tries() (flags string) {
	for _, l := range policy.AllLayers() {
		if l.CanTry {
			flags += " --try " + string(l.Name)
		}
	}
	return flags
}

// read runs the probe and takes its lines.
func (t *table) read(p place, c *exec.Cmd) error {
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	for line := range bytes.Lines(out) {
		if err := t.add(p, line); err != nil {
			return err
		}
	}
	return nil
}
