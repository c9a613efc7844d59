package policy

import (
	"cmp"
	"path"
	"strings"
)

// hole is a host path that gives a program power over the host. A "*" in it
// stands for one name.
type hole struct {
	path  string
	below bool // all below it too
	why   string
}

// writableHoles may be shown read-only, but not writable. The folders are those
// of FHS 3.0 out of which a host starts, logs in and runs what root runs; an
// ordinary user can't write to most of them anyway, but a policy means the same
// for everybody.
var writableHoles = [...]hole{
	{"/", false, "all of the host is below it"},
	{"/proc", true, "the kernel and every process are steered through it"},
	{"/sys", true, "the kernel and its devices are steered through it"},
	{"/dev", true, "devices and other users' shared memory are in it"},

	{"/etc", true, "the host's users, services and startup are configured in it"},
	{"/boot", true, "the kernel is started from it"},
	{"/usr", true, "the host's programs are in it, and root runs them"},
	{"/bin", true, "the host's programs are in it, and root runs them"},
	{"/sbin", true, "the host's programs are in it, and root runs them"},
	{"/lib", true, "every program of the host loads what is in it"},
	{"/lib32", true, "every program of the host loads what is in it"},
	{"/lib64", true, "every program of the host loads what is in it"},
	{"/libx32", true, "every program of the host loads what is in it"},
	{"/run", true, "the host's services are steered through it"},
	{"/root", false, "root's shell and keys are in it"},
	{"/root/.ssh", true, "its keys let in whoever is in it"},
	{"/home", false, "every user's shell and keys are below it"},
	{"/opt", false, "the host's programs are below it"},
	{"/srv", false, "the data of all services is below it"},
	{"/var", false, "the state of all services is below it"},
	{"/var/lib", true, "the state of the host's services is in it"},
	{"/var/spool", false, "the jobs of cron are below it"},
	{"/var/spool/cron", true, "cron runs what is in it as anybody"},
}

// serviceHoles may not be shown at all: connect(2) to a socket asks for the
// socket's own mode and owner, never for the mount's, so a read-only bind
// leaves it as open as a writable one. An ordinary user keeps the docker group
// in a user namespace.
var serviceHoles = [...]hole{
	{"/", false, "the sockets of the host's services are below it"},
	{"/run", false, "the sockets of the host's services are below it"},
	{"/run/user", false, "the sockets of the users' services are below it"},
	{"/run/user/*", false, "the sockets of the user's services are below it"},

	{"/run/docker.sock", true, "docker runs anything as root for who can reach it"},
	{"/run/docker", true, "docker runs anything as root for who can reach it"},
	{"/run/user/*/docker.sock", true, "docker runs anything as its user for who can reach it"},
	{"/run/user/*/docker", true, "docker runs anything as its user for who can reach it"},
	{"/run/cri-dockerd.sock", true, "docker runs anything as root for who can reach it"},
	{"/run/containerd", true, "containerd runs anything as root for who can reach it"},
	{"/run/user/*/containerd", true, "containerd runs anything as its user for who can reach it"},
	{"/run/k3s", true, "containerd runs anything as root for who can reach it"},
	{"/run/buildkit", true, "buildkit runs anything as root for who can reach it"},
	{"/run/podman", true, "podman runs anything as root for who can reach it"},
	{"/run/user/*/podman", true, "podman runs anything as its user for who can reach it"},
	{"/run/crio", true, "cri-o runs anything as root for who can reach it"},
	{"/run/libvirt", true, "libvirt starts machines with the host's disks for who can reach it"},
	{"/run/user/*/libvirt", true, "libvirt starts machines with the user's disks for who can reach it"},
	{"/run/incus", true, "incus mounts anything of the host for who can reach it"},
	{"/var/lib/incus/unix.socket", true, "incus mounts anything of the host for who can reach it"},
	{"/var/lib/lxd/unix.socket", true, "lxd mounts anything of the host for who can reach it"},
	{"/var/snap/lxd/common/lxd/unix.socket", true, "lxd mounts anything of the host for who can reach it"},
	{"/run/snapd.socket", true, "snapd installs software as root for who can reach it"},
	{"/run/systemd", true, "systemd starts anything as root for who can reach it"},
	{"/run/user/*/systemd", true, "systemd starts anything as its user for who can reach it"},
	{"/run/dbus", true, "D-Bus carries calls to every service of the host"},
	{"/run/user/*/bus", true, "D-Bus carries calls to every service of the user"},
	{"/run/udev/control", true, "udev runs programs as root"},
	{"/tmp/.X11-unix", true, "an X client reads and types every key of the session"},
	{"/run/user/*/gnupg", true, "the agent signs with the user's keys"},
	{"/run/user/*/keyring", true, "the agent gives out the user's passwords"},
}

// Dangerous says why a writable bind of path would hand the host to the
// program; "" if it would not. It looks at the cleaned path alone: ask again
// with what the path is after its links are resolved.
func Dangerous(path string) (why string) {
	return cmp.Or(reason(writableHoles[:], path), Exposes(path))
}

// Exposes says why even a read-only bind of path would give the program
// control of a service of the host; "" if it would not. The same holds as for
// Dangerous.
func Exposes(path string) (why string) { return reason(serviceHoles[:], path) }

// Danger says why f needs a Reason, "" if it needs none: Dangerous for a
// writable bind, Exposes for a read-only one.
func (f File) Danger() (why string) {
	switch {
	case f.Source == "":
	case f.Kind == FileRW:
		return Dangerous(f.Source)
	case f.Kind == FileRO || f.Kind == FileCOW:
		return Exposes(f.Source)
	}
	return ""
}

func reason(holes []hole, name string) string {
	name = path.Clean("/" + name)
	if rest, ok := strings.CutPrefix(name, "/var/run"); ok && (rest == "" || rest[0] == '/') {
		name = "/run" + rest // a link on every Linux (FHS 3.0, 5.13)
	}
	for i := range holes {
		if holes[i].holds(name) {
			return holes[i].why
		}
	}
	return ""
}

// holds compares name by name, so that "*" is one name and /dev2 isn't /dev.
func (h *hole) holds(name string) bool {
	pattern, more := h.path, true
	for more {
		var want, got string
		want, pattern, more = strings.Cut(pattern, "/")
		var rest bool
		got, name, rest = strings.Cut(name, "/")
		if want != got && (want != "*" || got == "") {
			return false
		}
		if more && !rest {
			return false
		}
		if !more {
			return !rest || h.below
		}
	}
	return false
}
