package main

import (
	"context"
	"os/exec"
	"strconv"
	"strings"

	"github.com/jailrun/jail/test/posture"
)

// What a program reaches: that a step which lets something through was left out
// shows in what is refused without it.

// reach prints what a program may list and read, and the texts it is shown.
const reach = `
for f in /etc /etc/alternatives /etc/ssl/certs /etc/java-* /dev/pts /var/tmp "$0"; do ls $f >/dev/null 2>&1; echo "list.$f=$?"; done
for f in zero full random urandom null; do head -c1 /dev/$f >/dev/null 2>&1; echo "read.$f=$?"; done
for f in group hosts nsswitch.conf passwd protocols resolv.conf services; do echo "text.$f=$(cksum </etc/$f 2>&1)"; done
touch /usr/x /etc/x 2>&1 | sed 's/.*: /write=/'
`

// lookWithin adds what a program reaches.
func (s *scene) lookWithin(ctx context.Context, uid int, step string, seen posture.Report) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := s.weakCommand(ctx, uid, withoutStep(step), noResult, "/bin/sh", "-c", reach, s.dir).CombinedOutput()
	if err != nil {
		seen["reach"] = err.Error()
		return ctx.Err()
	}
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		seen["reach."+key] = value
	}
	return nil
}

// sysctls are those that a jail's namespaces have of their own.
var sysctls = []string{
	"/proc/sys/net/core/somaxconn", "/proc/sys/net/core/optmem_max", "/proc/sys/net/ipv4/tcp_rmem",
	"/proc/sys/user/max_user_namespaces", "/proc/sys/user/max_inotify_instances",
}

// lookAtSysctls adds what is set in the namespaces of a process.
func lookAtSysctls(ctx context.Context, seen posture.Report, pid int) {
	enter := []string{"-t", strconv.Itoa(pid), "-U", "-n", "--preserve-credentials", "cat"}
	out, err := exec.CommandContext(ctx, "nsenter", append(enter, sysctls...)...).CombinedOutput()
	seen["sysctls"] = strings.Join(strings.Fields(string(out)), " ")
	if err != nil {
		seen["sysctls"] += " " + err.Error()
	}
}
