package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// kind is a way in which a run ends.
type kind struct {
	name   string
	weight int
	run    func(h *soak, r *rand.Rand) error
}

// kinds are all of them. What takes its time, because a limit of time is met,
// is rare.
var kinds = []kind{
	{"exit", 420, exits},
	{"signal", 150, signals},
	{"killed", 60, killed},
	{"canceled", 60, canceled},
	{"program killed", 60, programKilled},
	{"program not found", 20, notFound},
	{"cpu limit", 12, limit(result.CPULimit, "while :; do :; done", func(l *policy.Limits) { l.CPU, l.Wall = 25*time.Millisecond, time.Minute })},
	{"wall limit", 12, limit(result.WallLimit, "exec sleep 1000", func(l *policy.Limits) { l.Wall = 30 * time.Millisecond })},
	{"idle", 6, limit(result.Idle, "exec sleep 1000", func(l *policy.Limits) { l.Idle = 60 * time.Millisecond })},
	{"memory limit", 16, limit(result.Memory, "exec dd if=/dev/zero of=/dev/null bs=64M count=1", func(l *policy.Limits) { l.Memory = 16 << 20 })},
	{"output limit", 25, limit(result.OutputLimit, "exec yes", func(l *policy.Limits) { l.Output = 10000 })},
	{"pids limit", 20, limit(result.Pids, "for i in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done; wait", func(l *policy.Limits) { l.Pids, l.PidsAction = 6, policy.ActionKill })},
	{"disk limit", 20, limit(result.Disk, "dd if=/dev/zero of=/tmp/f bs=64K count=40; sleep 1000", func(l *policy.Limits) { l.Disk, l.DiskAction = 1<<20, policy.ActionKill })},
	{"file size", 20, limit(result.FileSize, "exec dd if=/dev/zero of=f bs=4K count=40", func(l *policy.Limits) { l.FileSize = 65536 })},
	{"system call", 14, systemCall},
	{"supervisor killed", 50, supervisorKilled},
	{"supervisor terminated", 20, supervisorTerminated},
	{"command", 15, command},
}

// missed is when an end that did not come is taken for missed; the verdict is
// then canceled, and wrong.
const missed = 30 * time.Second

// litter leaves a file of each kind where it may, IPC objects and a process.
const litter = `echo x >/tmp/f; echo x >/dev/shm/g; mkfifo /box/p; ipcmk -M 4096 -S 1 -Q >/dev/null; (sleep 100 &); `

// policyOf draws a policy under which a small program runs to its end.
func policyOf(r *rand.Rand) policy.Policy {
	p := policy.Policy{Layers: policy.Layers{}}
	p.Limits = policy.Limits{Memory: size.Bytes(64+r.IntN(900)) << 20, Pids: int64(24 + r.IntN(200)), Disk: size.Bytes(8+r.IntN(200)) << 20}
	for _, change := range changes {
		if r.IntN(100) < change.percent {
			change.make(&p, r)
		}
	}
	return p
}

var changes = []struct {
	percent int
	make    func(*policy.Policy, *rand.Rand)
}{
	{30, func(p *policy.Policy, r *rand.Rand) { p.Hostname = "h" + strconv.Itoa(r.IntN(1000)) }},
	{30, func(p *policy.Policy, r *rand.Rand) { p.Env = []string{"N=" + strings.Repeat("x", r.IntN(3000))} }},
	{25, func(p *policy.Policy, _ *rand.Rand) { p.Net = policy.NetNone }},
	{10, func(p *policy.Policy, _ *rand.Rand) { p.Profile = policy.ProfileWXDeny }},
	{5, func(p *policy.Policy, _ *rand.Rand) { p.Verify = policy.VerifyFull }},
	{15, func(p *policy.Policy, r *rand.Rand) { p.Limits.OpenFiles = int64(32 + r.IntN(500)) }},
	{15, func(p *policy.Policy, r *rand.Rand) { p.Limits.Stack = size.Bytes(1+r.IntN(16)) << 20 }},
	{15, func(p *policy.Policy, _ *rand.Rand) { p.Limits.Cores = "0" }},
	{15, func(p *policy.Policy, _ *rand.Rand) { p.Limits.Wall = time.Minute }},
	{15, func(p *policy.Policy, _ *rand.Rand) { p.Limits.CPU = time.Minute }},
	{10, func(p *policy.Policy, _ *rand.Rand) { p.Limits.Idle = time.Minute }},
	{15, func(p *policy.Policy, _ *rand.Rand) {
		p.Files = []policy.File{{Kind: policy.FileTmpfs, Target: "/srv/t"}, {Kind: policy.FileHide, Target: "/usr/share", Optional: true}}
	}},
	{10, func(p *policy.Policy, _ *rand.Rand) {
		p.Files = append(p.Files, policy.File{Kind: policy.FileRO, Source: "/usr/lib/os-release", Target: "/box/os"})
	}},
	{5, func(p *policy.Policy, _ *rand.Rand) { p.Layers[policy.LayerTimeNS] = policy.Off }},
	{5, func(p *policy.Policy, _ *rand.Rand) { p.Layers[policy.LayerLandlock] = policy.Off }},
}

// wanted is what a run must end as.
type wanted struct {
	reason result.Reason
	status int // jail's exit status
}

// hold compares a result with it.
func (w wanted) hold(res *result.Result, err error) error {
	if res == nil {
		return fmt.Errorf("there is no result: %w", err)
	}
	if res.Reason != w.reason || result.ExitStatus(res) != w.status {
		return fmt.Errorf("%s with status %d, not %s with %d: %s", res.Reason, result.ExitStatus(res), w.reason, w.status, result.Sentence(res))
	}
	return nil
}

// runs runs a script to its end.
func runs(p *policy.Policy, script string, w wanted) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), missed)
	defer cancel()
	var out bytes.Buffer
	c := isolate.CommandContext(ctx, p, "/bin/sh", "-c", script)
	c.Stdout = &out
	err := c.Run()
	return out.String(), w.hold(c.Result(), err)
}

func exits(_ *soak, r *rand.Rand) error {
	p, status, said := policyOf(r), r.IntN(256), strings.Repeat("a line\n", r.IntN(4))
	script := "exit " + strconv.Itoa(status)
	if said != "" {
		script = "printf '" + said + "'; " + script
	}
	if r.IntN(8) == 0 {
		script = litter + script
	}
	if r.IntN(20) == 0 {
		p.Layers[policy.LayerCgroup] = policy.Off
	}
	out, err := runs(&p, script, wanted{result.Exited, status})
	if err == nil && out != said {
		err = fmt.Errorf("it wrote %q, not %q", out, said)
	}
	return err
}

// deadly are signals that end a shell, and mean no more than that.
var deadly = []syscall.Signal{unix.SIGKILL, unix.SIGTERM, unix.SIGSEGV, unix.SIGABRT, unix.SIGHUP, unix.SIGUSR1, unix.SIGPIPE, unix.SIGXCPU, unix.SIGXFSZ, unix.SIGSYS, unix.SIGBUS}

func signals(_ *soak, r *rand.Rand) error {
	p, s := policyOf(r), deadly[r.IntN(len(deadly))]
	_, err := runs(&p, fmt.Sprintf("kill -%d $$", int(s)), wanted{result.Signaled, 128 + int(s)})
	return err
}

// limit makes the kind of a limit that is met.
func limit(reason result.Reason, script string, set func(*policy.Limits)) func(*soak, *rand.Rand) error {
	status := result.StatusKilled
	if reason == result.FileSize {
		status = 128 + int(unix.SIGXFSZ)
	}
	return func(_ *soak, r *rand.Rand) error {
		p := policyOf(r)
		set(&p.Limits)
		_, err := runs(&p, script, wanted{reason, status})
		return err
	}
}

func systemCall(_ *soak, r *rand.Rand) error {
	p := policyOf(r)
	p.Seccomp.OnSuspicious = policy.SuspiciousKill
	_, err := runs(&p, "unshare --mount true; sleep 1000", wanted{result.Syscall, result.StatusKilled})
	return err
}

func notFound(_ *soak, r *rand.Rand) error {
	p := policyOf(r)
	c := isolate.Command(&p, "/nonesuch")
	err := c.Run()
	return wanted{result.SetupFailed, result.StatusNotFound}.hold(c.Result(), err)
}

// moment is when a run is ended from outside: in its launch, or soon after.
func moment(r *rand.Rand) time.Duration { return time.Duration(r.IntN(12000)) * time.Microsecond }

func canceled(_ *soak, r *rand.Rand) error {
	p := policyOf(r)
	ctx, cancel := context.WithTimeout(context.Background(), moment(r))
	defer cancel()
	c := isolate.CommandContext(ctx, &p, "/bin/sh", "-c", litter+"exec sleep 1000")
	err := c.Run()
	return wanted{result.Canceled, result.StatusKilled}.hold(c.Result(), err)
}

// started starts a program that does not end by itself.
func started(r *rand.Rand) (*isolate.Cmd, error) {
	p := policyOf(r)
	c := isolate.Command(&p, "/bin/sh", "-c", "exec sleep 1000")
	return c, c.Start()
}

func killed(_ *soak, r *rand.Rand) error {
	c, err := started(r)
	if err != nil {
		return err
	}
	time.AfterFunc(moment(r), func() { _ = c.Kill() })
	err = c.Wait()
	return wanted{result.Canceled, result.StatusKilled}.hold(c.Result(), err)
}

func programKilled(_ *soak, r *rand.Rand) error {
	c, err := started(r)
	if err != nil {
		return err
	}
	s := deadly[r.IntN(len(deadly))]
	time.AfterFunc(moment(r), func() { _ = c.Signal(s) })
	err = c.Wait()
	return wanted{result.Signaled, 128 + int(s)}.hold(c.Result(), err)
}
