package isolate

import (
	"errors"
	"os"
	"path"
	"strings"
	"time"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/rootfs"
	"golang.org/x/sys/unix"
)

// found is what the policy's files and the command line's are on the host.
type found struct {
	sources []plan.Source
	named   []plan.Named
	folders []plan.Folder
	fds     []int
	err     error
}

// findFiles looks at what is named on the host, so that a mistake gets a good
// error. A file server that doesn't answer can't be interrupted, but it must
// not hang the caller: the look has the launch's deadline.
func (r *run) findFiles() error {
	if len(r.policy.Files) == 0 && len(r.cmd.Files) == 0 {
		return nil
	}
	r.closers = append(r.closers, func() { closeFds(r.found.fds) })
	if err := r.findSources(); err != nil {
		return err
	}
	return r.nameFiles() // they are open, and nobody is waited for
}

func (r *run) findSources() error {
	if len(r.policy.Files) == 0 {
		return nil
	}
	done, stack := make(chan found, 1), r.layers.stack
	go func() { done <- find(r.facts, r.policy, stack) }()
	late := time.NewTimer(launchDeadline)
	defer late.Stop()
	select {
	case r.found = <-done:
		return r.found.err
	case <-late.C:
		go func() { closeFds((<-done).fds) }() // it ends when the file server answers
		return &LaunchError{Op: "look at the files to show", Index: -1, Layer: policy.LayerRootfs, Err: os.ErrDeadlineExceeded, Hint: "one of them is on a file system that doesn't answer"}
	}
}

func (r *run) nameFiles() (err error) {
	f := &finder{facts: r.facts, fds: r.found.fds}
	r.found.named, err = f.named(r.cmd.Files)
	r.found.fds, r.found.folders = f.fds, f.folders
	return err
}

func closeFds(fds []int) {
	for _, fd := range fds {
		unix.Close(fd)
	}
}

// finder goes through the files. It touches nothing of the run.
type finder struct {
	facts  *host.Facts
	policy *policy.Policy
	fds    []int        // that the run needs
	stack  rootfs.Stack // of the image that is seen instead of the host's system, or nil
	places []*os.File   // of the policy's files, in their order; nil where there is none

	folders []plan.Folder
}

func find(f *host.Facts, p *policy.Policy, image rootfs.Stack) found {
	r := &finder{facts: f, policy: p, stack: image, places: make([]*os.File, len(p.Files))}
	s, err := r.sources()
	for _, at := range r.places {
		if at != nil {
			at.Close()
		}
	}
	return found{sources: s, fds: r.fds, err: err}
}

// sources looks at each file once: the descriptor that is judged is the one
// that the jail gets, so that no swap and no link comes in between.
func (r *finder) sources() ([]plan.Source, error) {
	list := make([]plan.Source, len(r.policy.Files))
	for i := range r.policy.Files {
		s, err := r.source(i)
		if err != nil {
			return nil, err
		}
		list[i] = s
	}
	return list, nil
}

func (r *finder) source(i int) (plan.Source, error) {
	f := &r.policy.Files[i]
	if !r.facts.Has(policy.LayerRootfs) && (f.Kind == policy.FileTmpfs || f.Kind == policy.FileHide || f.Kind == policy.FileLink || f.Source != f.Target) {
		return plan.Source{}, sourceError(f, errNoRoot, "only --ro and --rw of a path at its own place work without mnt_ns and rootfs")
	}
	s := plan.Source{Fd: -1, Made: true}
	switch f.Kind {
	case policy.FileTmpfs:
		s.Dir = true
		return s, r.place(f, &s)
	case policy.FileHide:
		return r.hidden(f)
	case policy.FileLink:
		return s, r.place(f, &s)
	}
	at, err := safepath.Find(f.Source, r.mayFollow(f))
	if errors.Is(err, unix.ENOENT) && f.Optional {
		s.Skip = true
		return s, nil
	}
	if err != nil {
		return s, notFound(f, err)
	}
	if err := r.take(f, int(at.Fd()), &s); err != nil {
		at.Close()
		return s, err
	}
	err = r.place(f, &s)
	r.places[i] = at
	return s, err
}

// mayFollow says which links may lead to a source, besides who made them. What
// a jailed program makes in a folder of the caller's is the caller's own on the
// host, so the owner of a link proves nothing there: it could be a link to /etc
// that waits for the next run. Any is followed that a policy file gives a reason
// for.
func (r *finder) mayFollow(f *policy.File) safepath.Follow {
	return func(folder string, st *unix.Stat_t) bool {
		return f.Reason != "" || LinkIsOurs(folder, st, r.facts.Root)
	}
}

// LinkIsOurs says whether no jailed program can have left the links in a folder:
// it is one that no jail may write to, or, for an ordinary user, only root may.
// The folder's path must be without links; a relative one is meant from the
// working directory.
func LinkIsOurs(folder string, st *unix.Stat_t, root bool) bool {
	if !path.IsAbs(folder) {
		wd, err := unix.Getwd()
		if err != nil {
			return false
		}
		folder = path.Join(wd, folder)
	}
	rootsAlone := st.Uid == 0 && st.Mode&0o022 == 0
	return policy.Dangerous(folder) != "" || !root && rootsAlone
}

// notFound says what to do about a source that can't be opened.
func notFound(f *policy.File, err error) error {
	var e *safepath.Error
	if !errors.As(err, &e) {
		return sourceError(f, err, "")
	}
	if _, refused := e.Err.(safepath.Refusal); refused {
		return sourceError(f, err, "") // it has a hint of its own
	}
	todo := "check the path"
	if f.Kind != policy.FileCOW { // which lies over something
		todo += "; if it may be absent, " + optional(asWritten(f))
	}
	return sourceError(f, &os.PathError{Op: "find", Path: f.Source, Err: e.Err}, todo)
}

// optional says how each place in which a path can be written lets it be absent.
func optional(path string) string {
	return "write " + path + "? in a flag, or optional = true in a policy file"
}

// asWritten is a source as a flag names it: relative if it is shown so.
func asWritten(f *policy.File) string {
	if name, in := strings.CutPrefix(f.Target, "/box/"); in && strings.HasSuffix(f.Source, "/"+name) {
		return name
	}
	return f.Source
}

// take judges a source by what it is, and as root takes a detached tree of it:
// the run's own uid may not be able to walk there.
func (r *finder) take(f *policy.File, at int, s *plan.Source) error {
	var st unix.Stat_t
	if err := unix.Fstat(at, &st); err != nil {
		return sourceError(f, &os.PathError{Op: "stat", Path: f.Source, Err: err}, "")
	}
	s.Dir, s.Dev, s.Ino = st.Mode&unix.S_IFMT == unix.S_IFDIR, st.Dev, st.Ino
	var err error
	if s.Real, err = realPath(at); err != nil {
		return sourceError(f, err, "it was moved or removed meanwhile")
	}
	if err := dangerous(f, s.Real); err != nil {
		return err
	}
	if !r.facts.Root || !r.facts.Admin {
		return nil
	}
	if s.Fd, err = r.detach(at); err != nil {
		return sourceError(f, &os.PathError{Op: "open_tree", Path: s.Real, Err: err}, "")
	}
	return nil
}

func sourceError(f *policy.File, err error, hint string) error {
	name := f.Source
	if name == "" { // a tmpfs has none
		name = f.Target
	}
	return &LaunchError{Op: "show " + name + " (" + string(f.Kind) + ")", Index: -1, Layer: policy.LayerRootfs, Err: err, Hint: hint}
}

// dangerous asks again, now that links are resolved, whether a source would be
// a way out.
func dangerous(f *policy.File, real string) error {
	if f.Reason != "" {
		return nil
	}
	is := policy.File{Kind: f.Kind, Source: real}
	if why := is.Danger(); why != "" {
		return sourceError(f, &dangerError{real, why}, "only a policy file can allow it, with a reason")
	}
	return nil
}

// dangerError says what a source really is. It is a policy.ErrDangerous.
type dangerError struct{ path, why string }

func (e *dangerError) Error() string { return "it is " + e.path + ": " + e.why }

func (e *dangerError) Unwrap() error { return policy.ErrDangerous }

// place decides whether the mount point may be made: in the jail's own root it
// is; inside a source of the caller's it must be there already, so that no stub
// is left in his tree.
func (r *finder) place(f *policy.File, s *plan.Source) error {
	over := r.covering(f)
	if over < 0 {
		return nil
	}
	s.Made = false
	if _, err := r.beneath(over, f.Target); err != nil {
		in := &r.policy.Files[over]
		return sourceError(f, err, f.Target+" lies inside "+in.Source+", where jail makes nothing: make it there first, without a link on the way")
	}
	return nil
}

// beneath looks at a path inside as it is in the source that it lies in. It
// follows no link: the mount wouldn't be where it was looked for.
func (r *finder) beneath(over int, target string) (mode uint32, err error) {
	rest := strings.TrimPrefix(strings.TrimPrefix(target, r.policy.Files[over].Target), "/")
	at, err := safepath.Beneath(int(r.places[over].Fd()), rest, unix.O_PATH)
	if err != nil {
		return 0, err
	}
	defer at.Close()
	var st unix.Stat_t
	err = unix.Fstat(int(at.Fd()), &st)
	return st.Mode, err
}

// covering finds the deepest source of the caller's in which a target lies, or
// -1. Files are in the order of their targets, so that it has been found.
func (r *finder) covering(f *policy.File) int {
	best := -1
	for i := range r.policy.Files {
		o := &r.policy.Files[i]
		if r.places[i] == nil || o.Target == f.Target || !within(f.Target, o.Target) {
			continue
		}
		if best < 0 || len(o.Target) > len(r.policy.Files[best].Target) {
			best = i
		}
	}
	return best
}

func within(p, dir string) bool {
	return dir == "/" || p == dir || strings.HasPrefix(p, dir+"/")
}

// hidden finds out whether what is hidden is a folder or a file: in a source of
// the caller's, or in the system's own view.
func (r *finder) hidden(f *policy.File) (plan.Source, error) {
	s := plan.Source{Fd: -1}
	mode, err := r.modeOf(f.Target, r.covering(f))
	if err != nil {
		if f.Optional {
			s.Skip = true
			return s, nil
		}
		return s, sourceErrorHide(f, err)
	}
	s.Dir = mode&unix.S_IFMT == unix.S_IFDIR
	return s, nil
}

func (r *finder) modeOf(target string, over int) (uint32, error) {
	if over >= 0 {
		return r.beneath(over, target)
	}
	var st unix.Stat_t
	var err error
	if r.stack != nil {
		st, err = r.stack.Stat(target)
	} else {
		err = unix.Stat(target, &st)
	}
	if err != nil {
		return 0, &os.PathError{Op: "stat", Path: target, Err: err}
	}
	return st.Mode, nil
}

func sourceErrorHide(f *policy.File, err error) error {
	return &LaunchError{Op: "hide " + f.Target, Index: -1, Layer: policy.LayerRootfs, Err: err, Hint: "there is nothing to hide; if that may be so, " + optional(f.Target)}
}

var errNoRoot = errors.New("the jail has no root of its own here")
