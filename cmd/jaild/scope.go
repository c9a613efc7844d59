package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/containerd/cgroups/v3/cgroup2"
)

const root = "/sys/fs/cgroup"

// leaf is the group below the scope in which processes are.
const leaf = "start"

// scope is a group that this process was given.
type scope struct {
	unit        string
	uid         int
	group       string   // as /proc/PID/cgroup names it
	controllers []string // that it was given
}

// uses are the controllers that jail has a use for, and what for.
var uses = [...]struct{ controller, use string }{
	{"memory", "--memory"},
	{"pids", "--pids"},
	{"cpu", "the CPU's bandwidth"},
	{"cpuset", "--cores"},
	{"io", "block devices"},
}

// settle moves this process to the scope's leaf, and looks at what was given.
func settle(unit string, uid int) (*scope, error) {
	group, err := cgroup2.NestedGroupPath("")
	if err != nil {
		return nil, &Error{Op: "find the group of", Object: unit, Err: err}
	}
	s := &scope{unit: unit, uid: uid, group: filepath.Clean(group)}
	if filepath.Base(s.group) != unit {
		return nil, &Error{Op: "enter", Object: unit, Err: errNotDone, Hint: "this process is in " + s.group}
	}
	m, err := cgroup2.Load(s.group)
	if err != nil {
		return nil, &Error{Op: "open", Object: root + s.group, Err: err}
	}
	if s.controllers, err = m.Controllers(); err != nil {
		return nil, &Error{Op: "read the controllers of", Object: root + s.group, Err: err}
	}
	below, err := m.NewChild(leaf, &cgroup2.Resources{})
	if err == nil {
		err = below.AddProc(uint64(os.Getpid())) // #nosec G115 -- a pid is not negative
	}
	if err != nil {
		return nil, &Error{Op: "move to", Object: root + s.group + "/" + leaf, Err: err}
	}
	return s, nil
}

// lacks are the controllers that were not given.
func (s *scope) lacks() (names []string) {
	for _, u := range uses {
		if !slices.Contains(s.controllers, u.controller) {
			names = append(names, u.controller)
		}
	}
	return names
}

func (s *scope) notGiven(lack []string) string {
	var parts []string
	for _, u := range uses {
		if slices.Contains(lack, u.controller) {
			parts = append(parts, u.controller+" ("+u.use+")")
		}
	}
	return "not delegated: " + strings.Join(parts, ", ")
}

// dropIn is what root does once for every user.
const dropIn = `mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\nDelegate=cpu cpuset io memory pids\n' >/etc/systemd/system/user@.service.d/jail.conf && systemctl daemon-reload; it holds from the user's next login on`

// describe says what was given, tries a jail there, and says how to use it. The
// status is 0 if a jail has its group.
func (s *scope) describe(w io.Writer) int {
	var b strings.Builder
	whose := "your user manager"
	if s.uid == 0 {
		whose = "systemd"
	}
	fmt.Fprintf(&b, "%s has made %s, and what is below it is yours:\n  %s\n", whose, s.unit, root+s.group)
	fmt.Fprintf(&b, "delegated: %s\n", strings.Join(s.controllers, ", "))
	if lack := s.lacks(); len(lack) > 0 {
		fmt.Fprintf(&b, "%s\n", s.notGiven(lack))
		if s.uid != 0 {
			fmt.Fprintf(&b, "→ as root: %s\n", dropIn)
		}
	}
	err := try()
	if err == nil {
		b.WriteString("a jail that was tried in it now has its cgroup\n")
	} else {
		fmt.Fprintf(&b, "a jail that was tried in it now has no cgroup: %v\n", err)
	}
	b.WriteString("The scope ends with this command. To start something in one of its own, a shell or jail itself:\n  jail doctor --delegate -- COMMAND\n  jail doctor --delegate -- jail exec -- PROGRAM\n")
	_, failed := io.WriteString(w, b.String())
	if err != nil || failed != nil {
		return 1
	}
	return 0
}

// try runs a jail that must have its group.
func try() error {
	jail, err := findJail()
	if err != nil {
		return err
	}
	out, err := exec.Command(jail, "exec", "--quiet", "--require", "cgroup", "--", "true").CombinedOutput() // #nosec G204 -- jail, which stands beside this program or in PATH
	if err != nil {
		return &Error{Op: "run", Object: jail, Err: err, Hint: strings.TrimSpace(string(out))}
	}
	return nil
}

// findJail takes the one beside this program first, as jail does with jaild.
func findJail() (string, error) {
	self, err := os.Executable()
	if err == nil {
		if path, e := exec.LookPath(filepath.Join(filepath.Dir(self), "jail")); e == nil {
			return path, nil
		}
	}
	return exec.LookPath("jail")
}
