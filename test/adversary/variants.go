package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/jailrun/jail/test/posture"
)

// variant is a kind of launch whose plan has steps that the default one lacks: each of
// them is left out too, and looked at by witnesses of their own.
type variant struct {
	name  string
	flags []string
	only  string // "root": an ordinary user can't have it
}

// variants are those of what is seen instead of the host's system, or changed in a copy:
// with a state first, which tells most of what is made.
var variants = []variant{
	{"state", []string{"--image", "app", "--state", mutated, "--state-size", "16M"}, ""},
	{"image", []string{"--image", "app"}, ""},
	{"root inside", []string{"--image", "app", "--user", "root"}, "root"},
	{"copy and state", []string{"--cow", "{rw}:" + copied, "--state", mutated, "--state-size", "16M"}, ""},
	{"copy", []string{"--cow", "{rw}:" + copied}, ""},
	{"writable root and state", []string{"--writable-root", "--state", mutated, "--state-size", "16M"}, ""},
	{"writable root", []string{"--writable-root"}, ""},
}

const (
	mutated = "mutated" // a state that each witness makes anew
	copied  = "/copied" // where a folder is that is changed in a copy
)

func (v *variant) isFor(uid int) bool { return v.only == "" || uid == 0 }

// flagsOf are its flags for a user.
func (s *scene) flagsOf(v *variant, uid int) []string {
	flags := slices.Clone(v.flags)
	for i := range flags {
		flags[i] = strings.ReplaceAll(flags[i], "{rw}", s.rw(uid))
	}
	return flags
}

// variantWitnesses look at what a program sees and may do, at what comes of its changes,
// and at a state that is full.
var variantWitnesses = []witness{
	{"posture", func(ctx context.Context, s *scene, v view) (posture.Report, error) {
		s.forget(ctx, v)
		return s.look(ctx, v, mutation{})
	}},
	{"changes", func(ctx context.Context, s *scene, v view) (posture.Report, error) {
		s.forget(ctx, v)
		seen, err := s.scripts(ctx, v, changes, "cat /opt/new /usr/new $0/new 2>&1; ls -ln /opt $0 2>&1")
		s.keeps(ctx, v, seen)
		return seen, err
	}},
	{"before pivot_root", func(ctx context.Context, s *scene, v view) (posture.Report, error) {
		s.forget(ctx, v)
		return s.staged(ctx, v, mutation{at: []string{"freeze init: pivot_root"}})
	}},
	{"before execve", func(ctx context.Context, s *scene, v view) (posture.Report, error) {
		s.forget(ctx, v)
		return s.opened(ctx, v, mutation{at: []string{"freeze target: execve", "dumpable target: set umask"}})
	}},
	{"a full state", func(ctx context.Context, s *scene, v view) (posture.Report, error) {
		if !slices.Contains(v.flags, mutated) {
			return posture.Report{}, nil
		}
		s.forget(ctx, v)
		return s.scripts(ctx, v, fills, "echo again", "rm -f /opt/f* $0/f*; echo once more")
	}},
}

// changes is what a program does with what it may change; $0 is the folder of which it
// has a copy.
const changes = `
for d in / /opt /usr /etc /run $0; do (echo new >$d/new) 2>&1; done
for d in bin sbin lib lib64 libexec include share src local lib/python3 lib/python3/dist-packages lib/node_modules; do (echo new >/usr/$d/new) 2>&1; done
for d in bin sbin lib include share etc src lib/node_modules; do (echo new >/usr/local/$d/new) 2>&1; done
mkdir /opt/folder $0/folder 2>&1; rm /opt/shared 2>&1; mv /opt/old /opt/older 2>&1
chown 7:8 /opt/new 2>&1; ls -ln /opt $0 /dev /run 2>&1; ls -ldn /box /tmp / /etc /usr /usr/new 2>&1
id; cat /opt/new /etc/hostname; cut -d' ' -f4- /proc/self/mountinfo; grep -E '^(Cap|NoNew|Seccomp)' /proc/self/status
find /etc -xdev -type f -exec cksum {} + 2>&1 | sort
`

// fills has the state hold as many files as it may.
const fills = `
d=$0; [ -d $d ] || d=/opt
i=0; while : >$d/f$i; do i=$((i+1)); [ $i -lt 4000 ] || break; done 2>/dev/null
`

// forget removes the state that the witness before has made.
func (s *scene) forget(ctx context.Context, v view) {
	_ = s.manage(ctx, v.uid, "state", "discard", mutated) // there may be none
}

// scripts tells what scripts say and how they end, one after the other in jails of the
// same flags.
func (s *scene) scripts(ctx context.Context, v view, list ...string) (posture.Report, error) {
	seen := posture.Report{}
	for i, script := range list {
		t, err := s.weakRun(ctx, v.launch(mutation{}, "/bin/sh", "-c", script, copied))
		if err != nil {
			return nil, err
		}
		r := t.report()
		for n, line := range strings.Split(r["text"], "\n") {
			seen[fmt.Sprintf("run %d, line %d", i+1, n+1)] = times.ReplaceAllString(line, "TIME")
		}
		seen[fmt.Sprintf("run %d", i+1)] = r["reason"] + " " + r["status"]
	}
	return seen, nil
}

// keeps tells what a state has kept.
func (s *scene) keeps(ctx context.Context, v view, seen posture.Report) {
	if !slices.Contains(v.flags, mutated) {
		return
	}
	c := s.managing(ctx, v.uid, "state", "diff", mutated)
	out, _ := c.CombinedOutput() // what it says is what is compared
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		seen["kept "+lastWord(line)] = strings.Join(strings.Fields(line), " ")
	}
}

func lastWord(line string) string { return line[strings.LastIndexByte(line, ' ')+1:] }

// staged tells what pid 1 has open and mounted before it leaves the host's tree.
func (s *scene) staged(ctx context.Context, v view, m mutation) (posture.Report, error) {
	f, err := s.freeze(ctx, v.launch(m, "/bin/true"))
	if err != nil {
		return nil, err
	}
	defer f.end()
	seen := posture.Report{"text": f.says()}
	describeFiles(seen, "init.", f.init)
	mounts, _ := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", f.init)) // there is none where it has ended
	for line := range strings.Lines(string(mounts)) {
		words := strings.Fields(line) // proc_pid_mountinfo(5)
		seen["staged "+words[4]] = strings.Join(words[5:7], " ")
	}
	return seen, nil
}

// opened tells what the program's process has open before it becomes the program.
func (s *scene) opened(ctx context.Context, v view, m mutation) (posture.Report, error) {
	f, err := s.freeze(ctx, v.launch(m, "/bin/true"))
	if err != nil {
		return nil, err
	}
	defer f.end()
	soon(deadline, func() bool { // pid 1 may have waited for it to be born
		_, f.target = jailed(f.cmd.Process.Pid)
		return f.target > 0 && waits(f.target, "poll") || gone(f.cmd.Process.Pid)
	})
	seen := posture.Report{"text": f.says()}
	describeFiles(seen, "target.", f.target)
	return seen, nil
}

// times are those of ls.
var times = regexp.MustCompile(`[A-Z][a-z]{2} +[0-9]+ [0-9]{2}:[0-9]{2}`)
