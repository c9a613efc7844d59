package state

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// unixStat is what os has of a file.
type unixStat = syscall.Stat_t

func itoa(n int) string { return strconv.Itoa(n) }

// Applied is what Apply has done.
type Applied struct {
	Sum
	Left []Left // what was not applied, and why; at most mostLeft
	More int    // how many more
}

// Left is a change that was not applied.
type Left struct {
	Change
	Err error
}

const mostLeft = 100

func (a *Applied) leave(c Change, err error) {
	if len(a.Left) < mostLeft {
		a.Left = append(a.Left, Left{c, err})
	} else {
		a.More++
	}
}

// Apply makes the changes that a state has kept of a folder of the host's in the folder
// itself, all of them or those at and below the paths inside that are named. They were made
// by an untrusted program: what it has left is copied, never executed or followed;
// files get no more than the permissions that are of use without privilege; a link
// that leads out of the folder is left out. A file is replaced at once.
//
// What was applied is no more in the state.
func (s *State) Apply(ctx context.Context, named []string) (*Applied, error) {
	a := &Applied{}
	any := false
	for i := range s.Parts {
		p := &s.Parts[i]
		if p.Source == "" || p.Source == p.Target && isSystem(p.Source) {
			continue
		}
		any = true
		if err := s.applyPart(ctx, p, named, a); err != nil {
			return a, err
		}
	}
	if !any {
		return a, &Error{Op: "apply", Object: s.Name, Err: ErrNoFolder, Hint: "only what --cow has kept can be applied; jail state commit makes an image of the rest"}
	}
	return a, nil
}

// leadsTo says whether a folder has to be there for a path that is named.
func leadsTo(folder string, named []string) bool {
	for _, n := range named {
		if strings.HasPrefix(path.Clean(n), strings.TrimSuffix(folder, "/")+"/") {
			return true
		}
	}
	return false
}

// isSystem says whether a part is of the host's own system, as --writable-root has it.
func isSystem(p string) bool {
	for _, dir := range [...]string{"/usr", "/etc", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix", "/gnu", "/run/current-system"} {
		if p == dir || strings.HasPrefix(p, dir+"/") {
			return true
		}
	}
	return false
}

func (s *State) applyPart(ctx context.Context, p *Part, named []string, a *Applied) error {
	d := s.differ(ctx, p, nil)
	defer d.Close()
	to, err := os.OpenRoot(p.Source)
	if err != nil {
		return s.fail("apply", err)
	}
	defer to.Close()
	ap := &applier{differ: d, to: to, done: a}
	if err := ap.owner(p.Source); err != nil {
		return s.fail("apply", err)
	}
	var list []Change
	if err := d.walk(".", func(c Change) error {
		if Selected(c.Path, named) || c.Kind == Added && c.Type == "folder" && leadsTo(c.Path, named) {
			list = append(list, c)
		}
		return nil
	}); err != nil {
		return err
	}
	for _, c := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		switch err := ap.apply(c); {
		case err == nil:
			a.Count(&c)
		default:
			a.leave(c, err)
		}
	}
	return ap.forget(list)
}

// applier makes changes in one folder.
type applier struct {
	*differ
	to       *os.Root
	uid, gid int // of new files; -1 to leave what the kernel gives
	done     *Applied
}

// owner has new files belong to the folder's owner, where that is for root to say.
func (a *applier) owner(dir string) error {
	a.uid, a.gid = -1, -1
	if os.Geteuid() != 0 {
		return nil
	}
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return &os.PathError{Op: "stat", Path: dir, Err: err}
	}
	a.uid, a.gid = int(st.Uid), int(st.Gid)
	return nil
}

// name is a change's path in the folder.
func (a *applier) name(c *Change) string {
	rel := strings.TrimPrefix(c.Path, strings.TrimSuffix(a.part.Target, "/"))
	return path.Clean(strings.TrimPrefix(rel, "/"))
}

func (a *applier) apply(c Change) error {
	name := a.name(&c)
	if c.Kind == Deleted {
		return a.to.RemoveAll(name)
	}
	switch c.Type {
	case "folder":
		return a.folder(name)
	case "file":
		return a.file(name)
	case "link":
		return a.link(name)
	}
	return ErrSpecial
}

// folder makes a folder, in place of what is no folder, or empties one that the
// program has replaced.
func (a *applier) folder(name string) error {
	info, err := a.upper.Lstat(name)
	if err != nil {
		return err
	}
	if at, err := a.to.Lstat(name); err == nil && (!at.IsDir() || a.opaque(name)) {
		if err := a.to.RemoveAll(name); err != nil {
			return err
		}
	}
	mode := info.Mode().Perm()
	err = a.to.Mkdir(name, mode|0o700)
	if errors.Is(err, fs.ErrExist) {
		return a.to.Chmod(name, mode|0o700)
	}
	if err != nil {
		return err
	}
	return a.give(name)
}

func (a *applier) give(name string) error {
	if a.uid < 0 {
		return nil
	}
	return a.to.Lchown(name, a.uid, a.gid)
}

// file copies a file beside its place, and then into it.
func (a *applier) file(name string) error {
	from, err := a.upper.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer from.Close()
	info, err := from.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return ErrSpecial
	}
	tmp := path.Join(path.Dir(name), ".jail-"+strconv.Itoa(os.Getpid())+"-"+tail(path.Base(name)))
	to, err := a.to.OpenFile(tmp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = a.fill(to, from, info)
	if closeErr := to.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = a.replace(tmp, name)
	}
	if err != nil {
		_ = a.to.Remove(tmp)
	}
	return err
}

// tail keeps a temporary name within what a file system takes.
func tail(name string) string {
	const most = 200
	return name[max(len(name)-most, 0):]
}

func (a *applier) fill(to, from *os.File, info fs.FileInfo) error {
	if _, err := io.Copy(to, from); err != nil {
		return err
	}
	if a.uid >= 0 {
		if err := to.Chown(a.uid, a.gid); err != nil {
			return err
		}
	}
	if err := to.Chmod(info.Mode().Perm()); err != nil {
		return err
	}
	t := info.Sys().(*unixStat).Mtim.Nano()
	tv := unix.NsecToTimeval(t)
	return unix.Futimes(int(to.Fd()), []unix.Timeval{tv, tv})
}

// replace puts what is whole in place of what is there, a folder too.
func (a *applier) replace(tmp, name string) error {
	if at, err := a.to.Lstat(name); err == nil && at.IsDir() {
		if err := a.to.RemoveAll(name); err != nil {
			return err
		}
	}
	return a.to.Rename(tmp, name)
}

// link makes a link that stays in the folder.
func (a *applier) link(name string) error {
	target, err := a.upper.Readlink(name)
	if err != nil {
		return err
	}
	if filepath.IsAbs(target) || !filepath.IsLocal(path.Join(path.Dir(name), target)) {
		return ErrEscapes
	}
	tmp := path.Join(path.Dir(name), ".jail-"+strconv.Itoa(os.Getpid())+"-"+tail(path.Base(name)))
	if err := a.to.Symlink(target, tmp); err != nil {
		return err
	}
	if err = a.give(tmp); err == nil {
		err = a.replace(tmp, name)
	}
	if err != nil {
		_ = a.to.Remove(tmp)
	}
	return err
}

// forget takes out of the state what was applied: what lies over the folder would be
// the same. Folders that still hold something stay.
func (a *applier) forget(list []Change) error {
	left := map[string]bool{}
	for _, l := range a.done.Left {
		left[l.Path] = true
	}
	for i := len(list) - 1; i >= 0; i-- {
		if c := &list[i]; !left[c.Path] {
			if err := a.upper.Remove(a.name(c)); err != nil && !errors.Is(err, unix.ENOTEMPTY) && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}
