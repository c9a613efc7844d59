package policy

import (
	"path"
	"slices"
	"strings"

	"github.com/jailrun/jail/internal/size"
)

var kinds = [...]FileKind{FileRO, FileRW, FileCOW, FileTmpfs, FileHide, FileLink}

// binds says whether f shows something of the host.
func (f *File) binds() bool { return f.Kind == FileRO || f.Kind == FileRW || f.Kind == FileCOW }

// target is where f is seen.
func (f *File) target() string {
	if f.Target == "" && f.Source != "" {
		return path.Clean(f.Source)
	}
	if f.Target == "" {
		return ""
	}
	return path.Clean(f.Target)
}

// check reports each mistake of f to say, with the field that it is in.
func (f *File) check(say func(field string, err error)) {
	if f.Kind == "" {
		say("kind", fault("", ErrMissing, "use "+orList(words(kinds[:]))))
		return
	}
	if err := oneOf(f.Kind, kinds[:]); err != nil {
		say("kind", err)
		return
	}
	f.checkSource(say)
	f.checkTo(say)
	f.checkTarget(say)
	if err := notNegative(int64(f.Size), f.Size.String()); err != nil {
		say("size", err)
	}
	if f.Size != 0 && f.Kind != FileTmpfs {
		say("size", fault(f.Size.String(), ErrValue, `only a "tmpfs" has a size`))
	}
	if strings.IndexByte(f.Reason, 0) >= 0 {
		say("reason", fault(f.Reason, ErrNUL, "write plain text"))
	}
	if why := f.Danger(); why != "" && f.Reason == "" {
		say("source", fault(f.Source, ErrDangerous, why+"; bind a smaller part, or say in a policy file by reason = \"…\" why this is meant"))
	} else if hint := f.taken(); hint != "" {
		say("target", fault(f.target(), ErrValue, hint))
	}
}

func (f *File) checkSource(say func(string, error)) {
	switch {
	case !f.binds() && f.Source != "":
		say("source", fault(f.Source, ErrValue, `only "ro", "rw" and "cow" have a source`))
	case !f.binds():
	case f.Source == "":
		say("source", fault("", ErrMissing, "write the host's path, as /opt/data"))
	case strings.IndexByte(f.Source, 0) >= 0:
		say("source", fault(f.Source, ErrNUL, "no path can hold one"))
	case !path.IsAbs(f.Source):
		say("source", fault(f.Source, ErrValue, "write an absolute path, as /opt/data"))
	}
}

func (f *File) checkTo(say func(string, error)) {
	switch {
	case f.Kind != FileLink && f.To != "":
		say("to", fault(f.To, ErrValue, `only a "link" holds a path`))
	case f.Kind != FileLink:
	case f.To == "":
		say("to", fault("", ErrMissing, "write the path that the link holds, as /usr/bin/python3.11"))
	case strings.IndexByte(f.To, 0) >= 0:
		say("to", fault(f.To, ErrNUL, "no path can hold one"))
	}
}

// behindLink gives the link of the policy's that a target would lie behind: what is
// made there would be made where the link leads to while the jail is built.
func behindLink(files []File, i int) (link string) {
	for j := range files {
		l := &files[j]
		if l.Kind == FileLink && i != j && within(files[i].target(), l.target()) {
			return l.target()
		}
	}
	return ""
}

func (f *File) checkTarget(say func(string, error)) {
	if f.Target == "" && !f.binds() {
		say("target", fault("", ErrMissing, "write the path inside, as /data"))
	} else if err := checkInside(f.Target); f.Target != "" && err != nil {
		say("target", err)
	}
}

// links are the folders that most systems have as links into /usr, where
// nothing can be mounted.
var links = [...]string{"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}

// taken says why f can't be at its target: the jail mounts there itself, so
// that f would be covered, or would cover what the jail needs.
func (f *File) taken() (hint string) {
	switch target := f.target(); {
	case target == "/etc" && f.Kind == FileHide:
		return "/etc is the jail's own, with the few files that programs need: hide one of them, as /etc/passwd"
	case target == "/var" && f.Kind == FileHide:
		return "/var is the jail's own, and holds nothing of the host: there is nothing to hide"
	case target == "/etc" && f.binds():
		return "/etc is the jail's own, with the few files that programs need: show one file or folder of it, as /etc/hosts, or all at another place, as --bind /etc:/host/etc:ro"
	case target == "/var" && f.binds():
		return "/var is the jail's own: show a folder of it, as /var/lib/data, or set another target, as /data"
	case target == "/var/tmp":
		return "it is a link to /tmp: set /tmp, or a target outside of it, as /data"
	case slices.Contains(links[:], target) && f.Kind != FileHide:
		return "it is a link to /usr" + target + " on most systems: set /usr" + target + ", or a target outside of it, as /data"
	case target == "/":
		return "the root is the jail's own: set a target below it, as /data"
	case within(target, "/proc"):
		return "/proc is the jail's own, and shows only its processes: set a target outside of it, as /hostproc"
	case within(target, "/run/jail") && f.Kind != FileHide:
		return "/run/jail is the jail's own: set a target outside of it, as /run/data"
	case within(target, "/dev"):
		return "/dev is the jail's own, and has no device that reaches hardware: set a target outside of it, as /data"
	case target == "/box" && f.Kind == FileHide:
		return "/box is the jail's own, and empty at first: there is nothing to hide"
	}
	return ""
}

func within(name, dir string) bool {
	rest, ok := strings.CutPrefix(name, dir)
	return ok && (rest == "" || rest[0] == '/')
}

// addFile appends f, in place of an earlier one with its target.
func addFile(files []File, f File) []File {
	target := f.target()
	files = slices.DeleteFunc(files, func(old File) bool { return old.target() == target })
	return append(files, f)
}

// resolveFiles says every path and size of files, in the order of targets.
func resolveFiles(files []File, disk size.Bytes) []File {
	var out []File
	for _, f := range files {
		f.Target = f.target()
		if f.Source != "" {
			f.Source = path.Clean(f.Source)
		}
		if f.Kind == FileTmpfs {
			orDefault(&f.Size, disk)
		}
		out = addFile(out, f)
	}
	slices.SortFunc(out, func(a, b File) int { return strings.Compare(a.Target, b.Target) })
	return out
}
