package isolate

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/policy"
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
	done := make(chan found, 1)
	go func() { done <- find(r.facts, r.policy) }()
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
	fds    []int

	folders []plan.Folder
}

func find(f *host.Facts, p *policy.Policy) found {
	r := &finder{facts: f, policy: p}
	s, err := r.sources()
	return found{sources: s, fds: r.fds, err: err}
}

// sources takes a detached tree of each file where we are root: the run's own
// uid may not be able to walk there.
func (r *finder) sources() ([]plan.Source, error) {
	list := make([]plan.Source, len(r.policy.Files))
	for i := range r.policy.Files {
		s, err := r.source(&r.policy.Files[i])
		if err != nil {
			return nil, err
		}
		list[i] = s
	}
	return list, nil
}

func (r *finder) source(f *policy.File) (plan.Source, error) {
	if !r.facts.Has(policy.LayerRootfs) && (f.Kind == policy.FileTmpfs || f.Kind == policy.FileHide || f.Source != f.Target) {
		return plan.Source{}, sourceError(f, errNoRoot, "only --ro and --rw of a path at its own place work without mnt_ns and rootfs")
	}
	s := plan.Source{Fd: -1, Made: true}
	switch f.Kind {
	case policy.FileTmpfs:
		s.Dir = true
		return s, r.place(f, &s)
	case policy.FileHide:
		return r.hidden(f)
	}
	var st unix.Stat_t
	err := statWithin(f.Source, &st)
	if errors.Is(err, unix.ENOENT) && f.Optional {
		s.Skip = true
		return s, nil
	}
	if err != nil {
		return s, sourceError(f, err, "check the path, or make it optional: "+f.Source+"?")
	}
	s.Dir = st.Mode&unix.S_IFMT == unix.S_IFDIR
	if err := r.dangerous(f); err != nil {
		return s, err
	}
	if r.facts.Root && r.facts.Admin {
		if err := r.detachSource(f, &s); err != nil {
			return s, err
		}
	}
	return s, r.place(f, &s)
}

// statWithin follows links, as the mount will.
func statWithin(p string, st *unix.Stat_t) error {
	if err := unix.Stat(p, st); err != nil {
		return &os.PathError{Op: "stat", Path: p, Err: err}
	}
	return nil
}

func sourceError(f *policy.File, err error, hint string) error {
	return &LaunchError{Op: "show " + f.Source + " (" + string(f.Kind) + ")", Index: -1, Layer: policy.LayerRootfs, Err: err, Hint: hint}
}

// dangerous asks again, now that links are resolved, whether a writable bind
// would be a way out.
func (r *finder) dangerous(f *policy.File) error {
	if f.Kind != policy.FileRW || f.Reason != "" {
		return nil
	}
	real, err := filepath.EvalSymlinks(f.Source)
	if err != nil {
		return sourceError(f, err, "check the path")
	}
	if why := policy.Dangerous(real); why != "" {
		return sourceError(f, errors.New(why), "only a policy file can allow it, with a reason")
	}
	return nil
}

// detachSource takes a detached copy of the source's tree, open_tree(2).
func (r *finder) detachSource(f *policy.File, s *plan.Source) error {
	fd, err := unix.OpenTree(unix.AT_FDCWD, f.Source, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	if err != nil {
		return sourceError(f, &os.PathError{Op: "open_tree", Path: f.Source, Err: err}, "")
	}
	r.fds = append(r.fds, fd)
	s.Fd = fd
	return nil
}

// place decides whether the mount point may be made: in the jail's own root it
// is; inside a source of the caller's it must be there already, so that no stub
// is left in his tree.
func (r *finder) place(f *policy.File, s *plan.Source) error {
	over := r.covering(f)
	if over == nil {
		return nil
	}
	s.Made = false
	at := filepath.Join(over.Source, strings.TrimPrefix(f.Target, over.Target))
	if _, err := os.Lstat(at); err != nil {
		return sourceError(f, err, f.Target+" lies inside "+over.Source+", where jail makes nothing: make "+at+" first")
	}
	return nil
}

// covering finds the deepest source of the caller's in which a target lies.
func (r *finder) covering(f *policy.File) *policy.File {
	var best *policy.File
	for i := range r.policy.Files {
		o := &r.policy.Files[i]
		if (o.Kind != policy.FileRO && o.Kind != policy.FileRW) || o.Target == f.Target || !within(f.Target, o.Target) {
			continue
		}
		if best == nil || len(o.Target) > len(best.Target) {
			best = o
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
	at := f.Target
	if over := r.covering(f); over != nil {
		at = filepath.Join(over.Source, strings.TrimPrefix(f.Target, over.Target))
	}
	st, err := os.Stat(at)
	if err != nil {
		if f.Optional {
			s.Skip = true
			return s, nil
		}
		return s, sourceErrorHide(f, err)
	}
	s.Dir = st.IsDir()
	return s, nil
}

func sourceErrorHide(f *policy.File, err error) error {
	return &LaunchError{Op: "hide " + f.Target, Index: -1, Layer: policy.LayerRootfs, Err: err, Hint: "there is nothing to hide; a ? after the path makes it optional"}
}

var errNoRoot = errors.New("the jail has no root of its own here")
