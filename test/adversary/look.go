package main

import (
	"bufio"
	"context"
	"os/exec"
	"strconv"
	"strings"

	"github.com/jailrun/jail/test/posture"
)

// look has a program report on itself, and looks at it and at pid 1 from outside.
func (s *scene) look(ctx context.Context, v view, m mutation, flags ...string) (posture.Report, error) {
	t, err := s.weakRun(ctx, v.launch(m, s.posture()).with(flags...))
	if err != nil {
		return nil, err
	}
	if why := t.failed(); why != "" {
		return posture.Report{"launch": why}, nil
	}
	seen, err := posture.Parse(t.text)
	if err != nil {
		return nil, err
	}
	outside, err := s.outsideReport(ctx, v.uid)
	if err != nil {
		return nil, err
	}
	seen = posture.Abstract(seen, outside)
	for key, w := range t.result.Enforced {
		seen["enforced."+key] = w.State
	}
	seen["root"] = numbers.ReplaceAllString(t.result.Enforced["rootfs"].Detail, "N")
	if err := s.lookOutside(ctx, v.launch(m, "/bin/sh", "-c", "echo here; read end").with(flags...), seen); err != nil {
		return nil, err
	}
	return seen, s.lookWithin(ctx, v.launch(m, "/bin/sh", "-c", reach, s.dir).with(flags...), seen)
}

// failed says why a program has not come to its end, "" if it has.
func (t *told) failed() string {
	switch r := t.result; {
	case r == nil:
		return "no result: " + lastLine(t.text)
	case r.Reason != "exited" && r.Error != nil:
		return r.Error.Text
	case r.Reason != "exited":
		return r.Reason
	}
	return ""
}

// outsideReport is what a process of the same user sees of itself without a jail.
func (s *scene) outsideReport(ctx context.Context, uid int) (posture.Report, error) {
	c := dirty(ctx, uid, s.posture())
	c.Env = []string{"PATH=/usr/bin:/bin"}
	c.Dir = "/"
	out, err := c.Output()
	if err != nil {
		return nil, err
	}
	return posture.Parse(string(out))
}

// held is a jail whose program has said "here", and waits for its input's end.
type held struct {
	cmd          *exec.Cmd
	end          func() // lets it end, and waits for that
	init, target int    // pids; 0 where there is none
	said         *outputs
}

// hold starts a program that says "here" and waits, and waits for the word.
func (s *scene) hold(ctx context.Context, l launch) (*held, error) {
	c := s.weakCommand(ctx, l)
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	said := &outputs{}
	c.Stderr = said
	if err := c.Start(); err != nil {
		return nil, err
	}
	h := &held{said: said, cmd: c, end: func() {
		in.Close()
		_ = c.Wait() // how it ends is another's to tell
	}}
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "" { // else it has ended
		h.init, h.target = jailed(c.Process.Pid)
	}
	if err := asked(said.String()); err != nil {
		h.end()
		return nil, err
	}
	return h, nil
}

// lookOutside runs a program that waits to be looked at, and adds what is seen of
// it and of pid 1.
func (s *scene) lookOutside(ctx context.Context, l launch, seen posture.Report) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	h, err := s.hold(ctx, l)
	if err != nil {
		return err
	}
	defer h.end()
	if h.target == 0 {
		seen["outside"] = "no program was seen: " + numbers.ReplaceAllString(h.said.String(), "N")
		return ctx.Err()
	}
	describe(seen, "init.", h.init)
	describeFiles(seen, "init.", h.init)
	describe(seen, "target.", h.target)
	lookAtSysctls(ctx, seen, h.target)
	return ctx.Err()
}

// reach prints what a program may list and read, and the texts it is shown.
const reach = `
for f in /etc /etc/alternatives /etc/ssl/certs /etc/java-* /dev/pts /var/tmp "$0"; do ls $f >/dev/null 2>&1; echo "list.$f=$?"; done
for f in zero full random urandom null; do head -c1 /dev/$f >/dev/null 2>&1; echo "read.$f=$?"; done
(: <>/dev/ptmx) 2>/dev/null; echo "open.ptmx=$?"
for f in group hosts nsswitch.conf passwd protocols resolv.conf services; do echo "text.$f=$(cksum </etc/$f 2>&1)"; done
touch /usr/x /etc/x 2>&1 | sed 's/.*: /write=/'
`

// lookWithin adds what a program reaches: that a step which lets something
// through was left out shows in what is refused without it.
func (s *scene) lookWithin(ctx context.Context, l launch, seen posture.Report) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := s.weakCommand(ctx, l).CombinedOutput()
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
