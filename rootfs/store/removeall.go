package store

import (
	"errors"
	"io"
	"os"
	"strconv"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// removeAll removes name in the folder at, with all that is below it, whatever its
// modes: an image has folders in which its owner may remove nothing. What is not there
// is removed.
func removeAll(at int, name string) error {
	r := remover{at: at}
	return r.remove(at, name, 0)
}

// remover goes down and holds a descriptor for each folder on its way. A program can
// have made more of them, one below the other, than a process has: those below the
// 64th are moved up, beside what is removed.
type remover struct {
	at    int
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

// lift moves a folder to the top, and removes it there.
func (r *remover) lift(in int, name string) error {
	r.moved++
	to := ".deep-" + strconv.Itoa(os.Getpid()) + "-" + strconv.Itoa(r.moved)
	if err := unix.Fchmodat(in, name, 0o700, 0); err != nil { // it gets another parent, which is written into it
		return err
	}
	if err := unix.Renameat(in, name, r.at, to); err != nil {
		return err
	}
	return r.remove(r.at, to, 0)
}

func (r *remover) empty(in int, name string, depth int) error {
	f, err := openWritable(in, name)
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		const batch = 512
		names, err := f.Readdirnames(batch)
		for _, n := range names {
			if err := r.remove(int(f.Fd()), n, depth+1); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// openWritable opens a folder in which names can be removed.
func openWritable(in int, name string) (*os.File, error) {
	place, err := safepath.Beneath(in, name, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer place.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(place.Fd()), &st); err != nil {
		return nil, err
	}
	if st.Mode&0o700 != 0o700 {
		if err := unix.Fchmodat(in, name, 0o700, 0); err != nil {
			return nil, err
		}
	}
	return safepath.Beneath(in, name, unix.O_RDONLY|unix.O_DIRECTORY)
}
