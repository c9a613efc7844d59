package main

import (
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/jailrun/jail/internal/draft"
	"github.com/jailrun/jail/internal/hint"
	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/rootfs/store"
	"golang.org/x/sys/unix"
)

// standard is the word for standard input or output in place of a file's name.
const standard = "-"

// writeNew makes a file that has its name only when it is whole, and on the disk. What has
// the name already stays.
func writeNew(path string, mode os.FileMode, write func(*os.File) error) error {
	if _, err := os.Lstat(path); err == nil { // #nosec G703 -- by the caller's word; it may take long to write what could not have the name
		return newFile(path, unix.EEXIST)
	}
	dir, err := openDir(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	d, err := draft.New(dir, mode)
	if err != nil {
		return newFile(path, err)
	}
	defer d.Drop()
	if err := write(d.File); err != nil {
		var p *os.PathError
		if errors.As(err, &p) && p.Path == d.File.Name() {
			return newFile(path, err)
		}
		return err
	}
	if err := d.File.Sync(); err != nil {
		return newFile(path, err)
	}
	if err := d.Publish(filepath.Base(path)); err != nil {
		return newFile(path, err)
	}
	return nil
}

// openDir opens a folder, and follows no link on the way that others could have made.
func openDir(path string) (*os.File, error) {
	place, err := safepath.Find(path, nil)
	if err != nil {
		return nil, err
	}
	defer place.Close()
	return safepath.Beneath(int(place.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY)
}

// newFiles say what to do where a file can't be made.
var newFiles = hint.Table{
	{unix.EEXIST, "name a new file"},
	{unix.ENOSPC, "free space on its file system, or name a file on another"},
	{unix.EDQUOT, "free space of yours on its file system, or name a file on another"},
	{unix.EACCES, "name a file in a folder that you may write to"},
	{unix.EPERM, "name a file in a folder that you may write to"},
	{unix.EROFS, "name a file in a folder that you may write to"},
	{unix.ENOENT, "name a file in a folder that is there"},
	{unix.ENOTDIR, "name a file in a folder that is there"},
}

func newFile(path string, err error) error {
	todo, cause := newFiles.Of(err)
	return &Error{Op: "write", Object: path, Err: cause, Hint: todo}
}

// spooled keeps an archive that comes as a stream in a file of the store's, of at most so
// many bytes, and gives its path: an archive can have its list of contents at its end.
func spooled(s *store.Store, m *store.Making, from io.Reader, most size.Bytes) (string, error) {
	dir, err := m.Folder("input")
	if err != nil {
		return "", err
	}
	defer dir.Close()
	path := filepath.Join(s.Path(), m.Dir().Name(), "input", "archive")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // #nosec G304 -- in the folder that is being made in the store
	if err != nil {
		return "", newFile(path, err)
	}
	limit := int64(min(most, math.MaxInt64-1))
	n, err := io.Copy(f, io.LimitReader(from, limit+1))
	if e := f.Close(); err == nil {
		err = e
	}
	var typed *Error
	switch {
	case errors.As(err, &typed): // of the reader's
		return "", err
	case err != nil:
		return "", newFile(path, err)
	case n > limit:
		return "", &Error{Op: "read", Object: standardInput, Err: errLong, Hint: "put it into a file, and import that"}
	}
	return path, nil
}
