package seccomp

import "slices"

// Watch is how much more than suspicious calls a listener is told of. What goes on
// is only ever what the kernel's other walls judge too.
type Watch uint8

// The depths of watching.
const (
	WatchNone    Watch = iota // nothing more, at no cost
	WatchExplain              // calls that name files, which go on, and all that is refused, which still is
	WatchLearn                // the same, but what a policy could allow goes on too
)

// byPath are the calls that name a file, or a socket that may be one.
var byPath = []string{
	"open", "openat", "openat2", "creat", "mknod", "mknodat",
	"stat", "lstat", "newfstatat", "statx", "statfs", "access", "faccessat", "faccessat2",
	"truncate", "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "symlink", "symlinkat",
	"readlink", "readlinkat", "mkdir", "mkdirat", "rmdir", "chmod", "fchmodat", "fchmodat2",
	"chown", "lchown", "fchownat", "utime", "utimes", "futimesat", "utimensat", "chdir",
	"setxattr", "lsetxattr", "getxattr", "lgetxattr", "listxattr", "llistxattr", "removexattr", "lremovexattr",
	"execve", "execveat", "connect", "bind", "inotify_add_watch",
}

// Watched lists the calls that go on while they are watched.
func Watched() []string { return slices.Clone(byPath) }

// watching turns the answers of which a listener would not hear into such of which
// it does.
func (r *Rules) watching(w Watch) {
	if w == WatchNone {
		return
	}
	r.Default = w.refused(r.Default, false)
	files := Group{Name: "watched", Why: "names a file: what can't be seen or written is told", Answer: Action{Kind: KindWatch}}
	groups := make([]Group, 0, len(r.Groups)+1)
	for _, g := range r.Groups {
		if g.Answer.Kind == KindAllow {
			g.Calls, files.Calls = split(g.Calls, files.Calls)
		}
		g.Answer = w.refused(g.Answer, !g.Fixed)
		groups = append(groups, g)
	}
	r.Groups = append(groups, files)
	r.Checks = slices.Clone(r.Checks)
	for i := range r.Checks {
		c := &r.Checks[i]
		c.Answer = w.refused(c.Answer, false)
		if c.Answer.Kind == KindAllow && slices.Contains(byPath, c.Call) {
			c.Answer = Action{Kind: KindWatch}
		}
	}
}

// refused is the answer in a refusal's place. Only what Allowable says can pass may
// go on: a group that is not fixed.
func (w Watch) refused(a Action, could bool) Action {
	switch {
	case a.Kind != KindErrno:
		return a
	case w == WatchLearn && could:
		return Action{Kind: KindWatch, Alone: a.Errno}
	}
	return Action{Kind: KindWatch, Errno: a.Errno, Alone: a.Errno}
}

// split takes the calls that name a file out of a list, and adds them to another.
func split(calls, files []string) (rest, more []string) {
	for _, c := range calls {
		if slices.Contains(byPath, c) {
			files = append(files, c)
		} else {
			rest = append(rest, c)
		}
	}
	return rest, files
}
