package exchange

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/jailrun/jail/internal/draft"
	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// A shelf is a folder in which files and folders are made: of the host, for what
// is copied out, or of a jail's tree. Others may write to it meanwhile: what is
// made is made by single names in folders that are held open.
type shelf struct {
	top     *os.File
	open    []rung // the folders down to where the last thing was put
	own     ownership
	replace bool
	mount   bool // enter no mount below
	guarded bool // of the host: a folder that a stranger may have made is refused
}

// ownership is what is made of who made it.
type ownership struct {
	exact bool        // modes are not less the umask, and ids are set
	ids   *Owner      // nil: as the kernel gives them
	mode  os.FileMode // of files; 0: as content has it
}

// A rung is a folder on the way, held open.
type rung struct {
	name string
	dir  *os.File
}

// folder makes a folder and those above it, unless they are there.
func (s *shelf) folder(path string) error {
	_, err := s.at(path)
	return err
}

// file makes a file, which is seen under its name once it is whole.
func (s *shelf) file(ctx context.Context, path string, c *content) (Item, error) {
	folder, name := safepath.CutLast(path)
	dir, err := s.at(folder)
	if err != nil {
		return Item{}, err
	}
	mode := c.mode
	if s.own.mode != 0 {
		mode = s.own.mode
	}
	var d *draft.Draft
	err = s.own.as(func() (err error) { d, err = draft.New(dir, mode); return err })
	if err != nil {
		return Item{}, fail(creating, path, err)
	}
	defer func() { _ = s.own.as(func() error { d.Drop(); return nil }) }()
	means, err := c.into(ctx, d.File)
	if err != nil {
		return Item{}, copyError(path, err)
	}
	if err := s.own.give(d.File, mode); err != nil {
		return Item{}, fail(creating, path, err)
	}
	return Item{Mode: mode, Means: means}, s.publish(d, path, name)
}

func (s *shelf) publish(d *draft.Draft, path, name string) error {
	return publishError(path, s.own.as(func() error {
		if s.replace {
			return d.Replace(name)
		}
		return d.Publish(name)
	}))
}

// copyError keeps what is an Error already, or the reading side's.
func copyError(path string, err error) error {
	var ours *Error
	var unread *unreadable
	if errors.As(err, &ours) || errors.As(err, &unread) {
		return err
	}
	return fail(copying, path, err)
}

func publishError(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EEXIST):
		return &Error{Op: creating, Object: path, Err: ErrExists, Hint: "remove it, or name another"}
	}
	return fail(creating, path, err)
}

func (s *shelf) link(path, target string) error {
	folder, name := safepath.CutLast(path)
	dir, err := s.at(folder)
	if err != nil {
		return err
	}
	return publishError(path, s.own.as(func() error { return unix.Symlinkat(target, int(dir.Fd()), name) }))
}

// at is a folder below the top, made as needed.
func (s *shelf) at(path string) (*os.File, error) {
	names := strings.Split(path, "/")
	if path == "" {
		names = nil
	}
	same := 0
	for same < len(names) && same < len(s.open) && s.open[same].name == names[same] {
		same++
	}
	s.leave(same)
	for i := same; i < len(names); i++ {
		dir, err := s.enter(s.last(), names[i])
		if err != nil {
			return nil, fail(making, strings.Join(names[:i+1], "/"), err)
		}
		s.open = append(s.open, rung{names[i], dir})
	}
	return s.last(), nil
}

func (s *shelf) last() *os.File {
	if len(s.open) == 0 {
		return s.top
	}
	return s.open[len(s.open)-1].dir
}

// leave closes all but the first n folders.
func (s *shelf) leave(n int) {
	for _, r := range s.open[n:] {
		r.dir.Close()
	}
	s.open = s.open[:n]
}

func (s *shelf) close() error {
	s.leave(0)
	return s.top.Close()
}

// enter makes a folder unless it is there, and opens it.
func (s *shelf) enter(in *os.File, name string) (*os.File, error) {
	mode := uint32(0o755)
	if s.own.exact {
		mode = 0o700 // nobody else's until it is known to be ours
	}
	err := s.own.as(func() error { return unix.Mkdirat(int(in.Fd()), name, mode) })
	if err != nil && err != unix.EEXIST {
		return nil, err
	}
	fresh := err == nil
	dir, err := openIn(in, name, unix.O_RDONLY|unix.O_DIRECTORY, s.mount)
	if err != nil {
		return nil, err
	}
	if fresh {
		err = s.own.giveFolder(dir)
	} else if s.guarded {
		err = trusted(in, dir)
	}
	if err != nil {
		dir.Close()
		return nil, err
	}
	return dir, nil
}

// trusted refuses a folder that another user left in one like /tmp, as
// fs.protected_regular does with files: he could read or change what is put in it.
func trusted(in, dir *os.File) error {
	var above, st unix.Stat_t
	if err := errors.Join(unix.Fstat(int(in.Fd()), &above), unix.Fstat(int(dir.Fd()), &st)); err != nil {
		return err
	}
	if safepath.IsForeign(&above, &st) {
		return ErrForeign
	}
	return nil
}

func (o ownership) give(f *os.File, mode os.FileMode) error {
	if !o.exact {
		return nil
	}
	if o.ids != nil {
		if err := unix.Fchown(int(f.Fd()), o.ids.UID, o.ids.GID); err != nil {
			return err
		}
	}
	return unix.Fchmod(int(f.Fd()), uint32(mode.Perm()))
}

// giveFolder gives a folder that was made just now, and no other that the program
// has put in its place: who may not enter it can't have filled it.
func (o ownership) giveFolder(dir *os.File) error {
	if !o.exact {
		return nil
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(dir.Fd()), &st); err != nil {
		return err
	}
	if st.Uid != uint32(o.maker()) || st.Mode&0o077 != 0 { // #nosec G115 -- an id
		return ErrChanged
	}
	if names, err := dir.Readdirnames(1); len(names) > 0 || err == nil {
		return ErrChanged
	}
	return o.give(dir, 0o755)
}
