package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/jailrun/jail/test/podman"
)

// A holder holds attacks: jail, or a peer that it is compared with.
type holder struct {
	name  string
	needs string // the program, and the Debian package of the same name or so
	base  string // where it shows what all may read
	// argv is the command line that runs a program, and shows what jail's flags
	// show as far as the holder can.
	argv func(s *scene, uid int, program string, flags []string) []string
	// prepare makes what the holder needs beside the scene; nil for nothing.
	prepare func(s *scene) error
	// enter goes to where the holder can work, but proofs should not be made,
	// until undo is called; nil for staying.
	enter func() (undo func(), err error)
}

var errNoPeer = errors.New("it is not installed")

// peers are started as their documentation says for programs that nobody trusts,
// as near to what jail does without a flag as each can.
var peers = []holder{
	{name: "bwrap", needs: "bubblewrap", base: "/var/tmp", argv: bwrapArgv},
	{name: "firejail", needs: "firejail", base: "/opt", argv: firejailArgv},
	{name: "podman", needs: "podman crun", base: "/var/tmp", argv: podmanArgv, prepare: startPodman, enter: podman.OneTree},
}

// peer finds a holder by name; the empty one is jail.
func peer(name string) (*holder, error) {
	if name == "" || name == "jail" {
		return nil, nil
	}
	for i := range peers {
		if peers[i].name != name {
			continue
		}
		if _, err := exec.LookPath(name); err != nil {
			return nil, fmt.Errorf("%s: %w: apt-get install %s", name, errNoPeer, peers[i].needs)
		}
		return &peers[i], nil
	}
	return nil, fmt.Errorf("there is no peer %q", name)
}

// shows are the paths that flags show, read-only and writable.
func shows(flags []string) (ro, rw []string) {
	for i := 0; i+1 < len(flags); i++ {
		switch flags[i] {
		case "--ro":
			ro = append(ro, flags[i+1])
		case "--rw":
			rw = append(rw, flags[i+1])
		}
	}
	return ro, rw
}

func bwrapArgv(_ *scene, _ int, program string, flags []string) []string {
	argv := []string{"bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv",
		"--ro-bind", "/usr", "/usr", "--ro-bind-try", "/etc/alternatives", "/etc/alternatives", "--ro-bind-try", "/etc/ssl", "/etc/ssl",
		"--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/box", "--ro-bind", program, "/box/program", "--chdir", "/box"}
	for _, link := range []string{"/bin", "/sbin", "/lib", "/lib64"} {
		if to, err := os.Readlink(link); err == nil {
			argv = append(argv, "--symlink", to, link)
		}
	}
	ro, rw := shows(flags)
	for _, p := range ro {
		argv = append(argv, "--ro-bind", p, p)
	}
	for _, p := range rw {
		argv = append(argv, "--bind", p, p)
	}
	return append(argv, "--", "./program")
}

func firejailArgv(_ *scene, _ int, program string, _ []string) []string {
	return []string{"firejail", "--quiet", "--private", "--private-dev", "--private-tmp", "--net=none", "--ipc-namespace",
		"--caps.drop=all", "--nonewprivs", "--noroot", "--seccomp", "--disable-mnt", "--nogroups", program}
}
