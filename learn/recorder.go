// Package learn makes a policy from what programs did: it gathers what a watched
// run saw and asked for, groups it, and leaves out what the program can do without.
// It runs nothing itself, and knows nothing of the command line.
package learn

import (
	"os"
	"path"
	"unicode/utf8"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/access"
	"golang.org/x/sys/unix"
)

// Recorder gathers what is seen of one or more runs. Saw is for the run's
// goroutine, all else for when it has ended.
type Recorder struct {
	tree    tree
	own     map[string]bool // what every view has
	below   []string        // folders whose files are the jail's own
	needs   map[string]*need
	links   map[string]string // where to what
	passed  map[string]string // calls that went on though the default refuses them, and the rule
	refused map[string]string // calls that no policy allows, and the rule
	secrets map[string]string // files that no learnt policy shows, and why
	beside  map[string]string // files that a folder of the jail's own lacked, and the flag that would show them
	missing map[string]string // files of the host's that the view lacked, and the call
}

// need is a file of the host's that was used.
type need struct {
	call string // the first
	dir  bool
	used bool // read, executed or written, and not only looked for
}

// NewRecorder gathers for a host whose views hold the files own of their own.
func NewRecorder(own []string) *Recorder {
	r := &Recorder{
		tree: newTree(), own: map[string]bool{}, below: []string{"/box", "/tmp", "/var/tmp", "/dev", "/proc"},
		needs: map[string]*need{}, links: map[string]string{},
		passed: map[string]string{}, refused: map[string]string{}, secrets: map[string]string{}, missing: map[string]string{}, beside: map[string]string{},
	}
	for _, name := range own {
		r.own[name] = true
	}
	return r
}

// Saw takes one call.
func (r *Recorder) Saw(s isolate.Seen) {
	switch {
	case s.Passed:
		r.passed[s.Call] = s.Rule
	case s.Fixed:
		r.refused[s.Call] = s.Rule
	}
	for i := range s.Files {
		r.file(s.Call, &s.Files[i])
	}
}

func (r *Recorder) file(call string, a *access.Access) {
	switch {
	case a.Errno == unix.ENOENT && a.Host != "":
		switch why := unshown(a.Host); {
		case a.InCwd && len(r.beside) < mostNeeds:
			r.beside[path.Clean(a.Name)] = "--ro ."
		case r.jails(path.Clean(a.Name)) || r.jails(a.Host):
			if a.Intent&access.Read != 0 && len(r.beside) < mostNeeds {
				r.beside[path.Clean(a.Name)] = "--ro " + access.Folder(a.Host)
			}
		case why != "":
			r.secret(a.Host, why)
		case r.missing[a.Host] == "" && len(r.missing) < mostNeeds:
			r.missing[a.Host] = call
		}
	case a.Errno == 0 && a.Real != "": // else nothing is there yet
		r.uses(call, a.Name, a.Real, a.Intent)
	}
}

// mostSecrets bounds what is told of files that can't be learnt.
const mostSecrets = 32

func (r *Recorder) secret(name, why string) {
	if len(r.secrets) < mostSecrets {
		r.secrets[name] = why
	}
}

// unshown says why a file of the host's is in no learnt policy; "" if it may be.
func unshown(name string) (why string) {
	if !utf8.ValidString(name) {
		return "its name is no UTF-8, which a policy file must be"
	}
	for _, why := range [...]string{access.Secret(name), access.Holds(name)} {
		if why != "" {
			return why
		}
	}
	if st, err := os.Lstat(name); err == nil && st.Mode()&(os.ModeSocket|os.ModeNamedPipe|os.ModeDevice) != 0 {
		return "through it the program reaches who is outside"
	}
	return ""
}

// jails says whether a name is the jail's own, in any view.
func (r *Recorder) jails(name string) bool {
	for _, dir := range r.below {
		if access.Under(name, dir) {
			return true
		}
	}
	return r.own[name] || name == "/"
}

// uses notes a file, the links that lead to it, and the interpreter that the
// kernel opens for a program without a call. The name is the program's, and in its
// jail it has led to real: where it leads elsewhere on the host, it was a file of
// the jail's own. Without real it is the host's by all that is known.
func (r *Recorder) uses(call, name, real string, i access.Intent) {
	for range mostInterpreters {
		at, ok := r.note(call, name, real, i)
		if !ok || i&access.Exec == 0 || at.dir {
			return
		}
		if name, real = r.tree.interpreter(at.path), ""; name == "" {
			return
		}
		call, i = "execve of "+path.Base(at.path), access.Exec
	}
}

// mostInterpreters is one more than how many scripts the kernel goes through, of
// which each is the next one's interpreter (execve(2)).
const mostInterpreters = 6

// mostNeeds bounds what a program can have us keep.
const mostNeeds = 20_000

func (r *Recorder) note(call, name, real string, i access.Intent) (at place, ok bool) {
	links := map[string]string{}
	at, ok = r.tree.walk(name, links)
	_, way := links[real] // a link itself is what was meant
	if !ok || r.jails(at.path) || real != "" && real != at.path && !way {
		return at, false
	}
	n, used := r.needs[at.path], i&(access.Read|access.Exec|access.Write) != 0
	switch why := unshown(at.path); {
	case why != "" && (used || !at.dir):
		r.secret(at.path, why)
		return at, false
	case why != "":
		return at, false
	case n == nil && len(r.needs) >= mostNeeds:
		return at, false
	case n == nil:
		n = &need{call: call, dir: at.dir}
		r.needs[at.path] = n
	}
	n.used = n.used || used
	for at, to := range links {
		if utf8.ValidString(at) && utf8.ValidString(to) {
			r.links[at] = to
		}
	}
	return at, true
}

// Program notes a program of the host's that was executed before anybody watched.
func (r *Recorder) Program(name string) { r.uses("execve", name, "", access.Exec) }

// Copied notes a program of which the jail has a copy of its own: what runs it is
// the host's.
func (r *Recorder) Copied(name string) {
	if by := r.tree.interpreter(name); by != "" {
		r.uses("execve of "+path.Base(name), by, "", access.Exec)
	}
}

// Missing lists files of the host's that the program looked for, that the view
// lacked, and that may be shown.
func (r *Recorder) Missing() []string { return sorted(r.missing) }

// Absorb counts what the view lacked among what is needed: an empty view lacks
// all that was not asked for before.
func (r *Recorder) Absorb() (more bool) {
	for _, name := range sorted(r.missing) {
		if r.needs[name] == nil {
			r.uses(r.missing[name], name, "", access.Read)
			more = more || r.needs[name] != nil
		}
	}
	clear(r.missing)
	return more
}
