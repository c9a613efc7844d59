package state

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// storeDir is the store that a state is in.
func (s *State) storeDir() string { return filepath.Dir(filepath.Dir(s.dir)) }

// bars refuses the store's folder.
func (a *applier) bars(dir *os.File) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(dir.Fd()), &st); err != nil {
		return err
	}
	if a.isStore(&st) {
		return ErrStore
	}
	return nil
}

func (a *applier) isStore(st *unix.Stat_t) bool {
	return st.Dev == a.store.Dev && st.Ino == a.store.Ino
}

// outOfStore refuses a folder of the store's, by going up from it.
func (a *applier) outOfStore() error {
	at, err := unix.Openat(int(a.root.Fd()), ".", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { unix.Close(at) }()
	for seen := (unix.Stat_t{}); ; {
		var st unix.Stat_t
		if err := unix.Fstat(at, &st); err != nil {
			return err
		}
		switch {
		case a.isStore(&st):
			return ErrStore
		case st.Dev == seen.Dev && st.Ino == seen.Ino:
			return nil // the root is above itself
		}
		up, err := unix.Openat(at, "..", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		unix.Close(at)
		at, seen = up, st
	}
}
