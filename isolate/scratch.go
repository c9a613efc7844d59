package isolate

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// lockFolder takes the lock by which a run holds its scratch folder: pid and
// start time in a folder's name say nothing where another pid namespace shares
// /tmp. The error wraps EAGAIN if somebody holds it.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, &os.PathError{Op: "flock", Path: dir, Err: err}
	}
	return f, nil
}

// removeFolder removes a tree of the program's, also folders that it has closed
// to their owner, as by mkdir with mode 0. It follows no link out of the tree.
func removeFolder(dir string) error {
	first := os.RemoveAll(dir)
	if !errors.Is(first, fs.ErrPermission) {
		return first
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return first
	}
	defer root.Close()
	if err := openUp(root, "."); err != nil {
		return errors.Join(first, err)
	}
	return os.RemoveAll(dir)
}

// openUp gives the owner every right on the folders of a tree.
func openUp(root *os.Root, dir string) error {
	if err := root.Chmod(dir, 0o700); err != nil {
		return err
	}
	f, err := root.Open(dir)
	if err != nil {
		return err
	}
	entries, err := f.ReadDir(-1)
	f.Close()
	for _, e := range entries {
		if e.IsDir() {
			err = errors.Join(err, openUp(root, dir+"/"+e.Name()))
		}
	}
	return err
}
