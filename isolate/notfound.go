package isolate

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/rootfs"
	"golang.org/x/sys/unix"
)

// notFoundHint says where the program is and why it is not found in the jail,
// or how to name it where it is in the working directory, which no PATH holds.
func (r *run) notFoundHint(prog string) string {
	switch {
	case r.layers.image != nil:
		return r.notInImage(prog)
	case !filepath.IsAbs(prog):
		return r.notOnPath(prog)
	case !exists(prog):
		return "no such file in the jail or on the host"
	}
	if why := r.unseen(prog); why != "" {
		return why
	}
	return "it is on the host but not visible in the jail; show its folder with --ro " + Installation(prog)
}

// notInImage says that of the host's programs there is none.
func (r *run) notInImage(prog string) string {
	if strings.Contains(prog, "/") {
		return "the image has no such file; jail exec --image " + r.policy.Image + " -- ls lists what it has, if it has ls"
	}
	if isProgram(prog) {
		return "it is in the working directory: name it ./" + prog
	}
	return "it is nowhere along the PATH of the image, " + r.path()
}

// Installation is the folder that a program needs: its own, or the one above
// where that is a tree of its own with libraries, as of a version manager's or a
// virtual environment. Without them it may run, and be another.
func Installation(prog string) string {
	dir := filepath.Dir(prog)
	up := filepath.Dir(dir)
	if filepath.Base(dir) == "bin" && (exists(filepath.Join(up, "lib")) || exists(filepath.Join(up, "pyvenv.cfg"))) {
		return up
	}
	return dir
}

// notOnPath prefers a program that is seen inside to the first one: it needs no
// flag but a name.
func (r *run) notOnPath(prog string) string {
	if filepath.Base(prog) == prog && isProgram(prog) {
		return "it is in the working directory: name it ./" + prog
	}
	hint := ""
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		at := filepath.Join(dir, prog)
		if !filepath.IsAbs(dir) || !isProgram(at) {
			continue
		}
		switch why := r.unseen(at); {
		case r.shows(at) && why == "":
			return at + " is visible in the jail, but in no folder of its PATH: name it by that path, or add --env PATH=" + dir + ":" + r.path()
		case hint != "":
		case why != "":
			hint = "the host has " + at + ": " + why
		default:
			hint = "the host has " + at + ", which is not visible in the jail; show it with --ro " + Installation(at) + " and name it by that path"
		}
	}
	if hint == "" {
		hint = "it is nowhere along the PATH of the jail, nor along the host's"
	}
	return hint
}

// unseen says why the program can't find a file of the host's where something
// stands against it: a flag that hides it, or a link that leads out of what is
// shown. "" if it is plainly shown, or plainly not.
func (r *run) unseen(at string) (why string) {
	real, err := filepath.EvalSymlinks(at)
	if err != nil {
		return ""
	}
	if why := cmp.Or(r.hidden(at), r.hidden(real)); why != "" {
		return why
	}
	if real != at && r.shows(filepath.Dir(at)) && !r.shows(real) {
		return "it is a link that leads to " + real + ", which is not visible in the jail; show that with --ro " + Installation(real)
	}
	return ""
}

// hidden says which file of the policy covers a path with nothing, or with
// something else.
func (r *run) hidden(at string) (why string) {
	switch f := r.over(at); {
	case f == nil:
	case f.Kind == policy.FileHide:
		return "it is hidden (--hide " + f.Target + ", or a policy file)"
	case f.Kind == policy.FileTmpfs:
		return "the empty folder of --tmpfs " + f.Target + " covers it"
	case f.Source != f.Target:
		return "what is shown at " + f.Target + " is " + f.Source
	}
	return ""
}

// over is the deepest file of the policy at a path, or nil.
func (r *run) over(at string) (deepest *policy.File) {
	for i := range r.policy.Files { // in the order of their targets
		if f := &r.policy.Files[i]; within(at, f.Target) {
			deepest = f
		}
	}
	return deepest
}

// shows says whether a path means the same inside as on the host.
func (r *run) shows(at string) bool {
	if f := r.over(at); f != nil {
		return f.Source == f.Target
	}
	h, err := rootfs.NewHost("/")
	if err != nil {
		return false
	}
	defer h.Close()
	v := r.machine.view
	if r.policy.View == policy.ViewNone {
		v = v.WithoutHost()
	}
	return h.Visible(v, at)
}

// path is the PATH inside.
func (r *run) path() string {
	for _, kv := range r.environment() {
		if dirs, ok := strings.CutPrefix(kv, "PATH="); ok {
			return dirs
		}
	}
	return ""
}

// sayIfHidden betters the error of a program whose place the policy hides: a
// file without any permission stands there, and permissions are not the cause.
func (r *run) sayIfHidden(err error) {
	var xe *ExecError
	if !errors.As(err, &xe) || xe.Err != unix.EACCES {
		return
	}
	at, err := filepath.EvalSymlinks(xe.Program)
	if err != nil {
		return
	}
	if f := r.over(at); f != nil && f.Kind == policy.FileHide {
		xe.Hint = r.hidden(at)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path) // #nosec G703 -- what the caller may learn by itself, for a hint
	return err == nil
}

func isProgram(path string) bool {
	st, err := os.Stat(path) // #nosec G703 -- what the caller may learn by itself, for a hint
	return err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0
}
