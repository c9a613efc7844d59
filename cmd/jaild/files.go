package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/jailrun/jail/internal/draft"
	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/rootfs/store"
	"golang.org/x/sys/unix"
)

// standard is the word for standard input or output in place of a file's name.
const standard = "-"

// writeNew makes a file that has its name only when it is whole, and on the disk. What has
// the name already stays.
func writeNew(path string, mode os.FileMode, write func(*os.File) error) error {
	if _, err := os.Lstat(path); err == nil { // it may take long to write what could not have the name
		return newFile(path, unix.EEXIST)
	}
	dir, err := os.OpenFile(filepath.Dir(path), os.O_RDONLY|unix.O_DIRECTORY, 0) // #nosec G304 -- by the caller's word
	if err != nil {
		return newFile(path, err)
	}
	defer dir.Close()
	d, err := draft.New(dir, mode)
	if err != nil {
		return newFile(path, err)
	}
	defer d.Drop()
	if err := write(d.File); err != nil {
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

func newFile(path string, err error) error {
	hint := "name a file in a folder that you may write to"
	if errors.Is(err, unix.EEXIST) {
		hint = "name a new file"
	}
	return &Error{Op: "write", Object: path, Err: unwrapped(err), Hint: hint}
}

// spooled keeps what comes from standard input in a file of the store's, of at most so many
// bytes, and gives its path: an archive can have its list of contents at its end.
func spooled(ctx context.Context, m *store.Making, s *store.Store, from io.Reader, most size.Bytes) (string, error) {
	dir, err := m.Folder("input")
	if err != nil {
		return "", err
	}
	defer dir.Close()
	path := filepath.Join(s.Path(), m.Dir().Name(), "input", "standard-input")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // #nosec G304 -- in the folder that is being made in the store
	if err != nil {
		return "", &Error{Op: "write", Object: path, Err: unwrapped(err)}
	}
	err = copied(ctx, f, from, int64(most))
	if e := f.Close(); err == nil {
		err = e
	}
	switch {
	case errors.Is(err, context.Canceled):
		return "", &Error{Op: "read", Object: "standard input", Err: err}
	case err != nil:
		return "", &Error{Op: "read", Object: "standard input", Err: unwrapped(err), Hint: "the store's disk holds it for as long as it is imported; --most bounds it"}
	}
	return path, nil
}

// copied ends with the context too: nothing else ends the read of a pipe that nobody
// writes to.
func copied(ctx context.Context, to io.Writer, from io.Reader, most int64) error {
	done := make(chan error, 1)
	go func() {
		n, err := io.Copy(to, io.LimitReader(from, most+1))
		if err == nil && n > most {
			err = errLong
		}
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
