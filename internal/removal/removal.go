// Package removal removes what programs have left, whatever they have done to it.
package removal

import (
	"errors"
	"io/fs"
	"os"
)

// All removes a tree that a program has made, also folders that it has closed
// to their owner, as by mkdir with mode 0. It follows no link out of the tree.
func All(dir string) error {
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
