package isolate

import (
	"bytes"
	"encoding/json"

	"github.com/jailrun/jail/isolate/notify"
	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// mostInside bounds what a program can have written for it.
const mostInside = 64 << 10

// insideLine is a line of /run/jail/denials.
type insideLine struct {
	Layer   string `json:"layer"`
	Syscall string `json:"syscall"`
	Object  string `json:"object"`
	Errno   string `json:"errno"`
	Rule    string `json:"rule"`
	Fix     string `json:"fix"`
}

// tellInside lets the program read what it was refused. A file that the view lacks
// and the host has is left out: the program need not know what the host has.
func (r *run) tellInside(d *notify.Denial) {
	if r.trees.boxFd() < 0 || r.policy.Denials != policy.DenialsShown || d.Layer == string(policy.LayerRootfs) && d.Errno == "ENOENT" {
		return
	}
	say := r.cmd.Redact.Redact
	rule, fix := d.Rule, say(d.Fix)
	if d.Layer == string(policy.LayerRootfs) { // which names places of the host's, and of the policy
		rule, fix = "the jail's view of files", "write to /box or /tmp"
	}
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false) // for people, not for browsers
	err := e.Encode(insideLine{d.Layer, d.Syscall, say(d.Object), d.Errno, rule, fix})
	if err != nil || r.inside+int64(line.Len()) > mostInside {
		return
	}
	fd, err := unix.Openat(r.trees.boxFd(), plan.DenialsAt, unix.O_WRONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return // the filter stands alone, or there is no such view
	}
	defer unix.Close(fd)
	n, err := unix.Pwrite(fd, line.Bytes(), r.inside)
	if err != nil || n < line.Len() { // the disk is full: no half a line stays
		_ = unix.Ftruncate(fd, r.inside)
		return
	}
	r.inside += int64(n)
}
