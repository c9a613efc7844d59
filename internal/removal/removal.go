// Package removal removes what programs have left, whatever they have done to it.
package removal

import (
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// All removes what is at a path: see At.
func All(path string) error {
	in, err := os.OpenFile(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY, 0) // #nosec G304 -- by the caller's word
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	if err := At(int(in.Fd()), filepath.Base(path)); err != nil {
		return &os.PathError{Op: "remove", Path: path, Err: err}
	}
	return nil
}

// At removes a name in a folder, with all that is below it, whatever its modes: programs,
// and images, have folders in which their owner may remove nothing. It follows no link. What
// is not there is removed. The error is the kernel's errno, or safepath's.
func At(in int, name string) error {
	return (&remover{top: -1}).remove(in, name, 0)
}

// remover goes down and holds a descriptor for each folder on its way. A program can
// have made more of them, one below the other, than a process has: those below the
// 64th are moved up, into the first.
type remover struct {
	top   int // the first
	moved int
}

const deepest = 64

func (r *remover) remove(in int, name string, depth int) error {
	err := unix.Unlinkat(in, name, 0)
	switch err {
	case nil, unix.ENOENT:
		return nil
	case unix.EISDIR, unix.EPERM, unix.EACCES:
	default:
		return err
	}
	if depth == deepest {
		return r.lift(in, name)
	}
	if err := r.empty(in, name, depth); err != nil {
		return err
	}
	return unix.Unlinkat(in, name, unix.AT_REMOVEDIR)
}

// lift moves a folder to the top, whose turn comes again.
func (r *remover) lift(in int, name string) error {
	f, err := safepath.OpenFolder(in, name, 0o700) // it gets another parent, which is written into it
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		r.moved++
		to := ".deep-" + strconv.Itoa(r.moved)
		if err := unix.Renameat2(in, name, r.top, to, unix.RENAME_NOREPLACE); err != unix.EEXIST { // a program may have made it
			return err
		}
	}
}

func (r *remover) empty(in int, name string, depth int) error {
	f, err := safepath.OpenFolder(in, name, 0o700)
	if err != nil {
		return err
	}
	defer f.Close()
	if depth == 0 {
		r.top = int(f.Fd())
	}
	for {
		before := r.moved
		if err := r.names(f.File, depth); err != nil {
			return err
		}
		if depth > 0 || r.moved == before {
			return nil
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
}

func (r *remover) names(f *os.File, depth int) error {
	for {
		const batch = 512
		names, err := f.Readdirnames(batch)
		for _, n := range names {
			if err := r.remove(int(f.Fd()), n, depth+1); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
