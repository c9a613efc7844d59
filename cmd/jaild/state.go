package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/jailrun/jail/audit"
	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// stateSchema is the value of a state's "schema".
const stateSchema = "jail.export/v1"

// mostState is more than any state has.
const mostState = 4096

// stateText is what a state's file holds.
type stateText struct {
	Schema string `json:"schema"`
	Seq    uint64 `json:"seq"`  // of the last line that was exported
	Hash   string `json:"hash"` // and its SHA-256
}

// state remembers how far a log was exported. Its file is locked for as long as it is
// open: two exporters with one state would each send what the other has sent.
type state struct {
	path string
	file *os.File // holds the lock
	at   audit.Mark
}

// openState reads a state, or begins one.
func openState(path string) (*state, error) {
	const attempts = 10
	for range attempts {
		f, err := safepath.OpenKept(path, nil)
		if err != nil {
			return nil, err
		}
		s := &state{path: path, file: f}
		if err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err == nil && safepath.LeadsTo(f, path) {
			err = s.read()
			if err == nil {
				return s, nil
			}
		}
		f.Close()
		if err == unix.EWOULDBLOCK {
			err = errBusyState
		}
		if err != nil {
			return nil, &Error{Op: "read", Object: "--state " + path, Err: err, Hint: stateHint(err)}
		}
	}
	return nil, &Error{Op: "read", Object: "--state " + path, Err: errBusyState, Hint: stateHint(errBusyState)}
}

func stateHint(err error) string {
	switch {
	case errors.Is(err, errBusyState):
		return "end the other, or give each its own file"
	case errors.Is(err, errNoState):
		return "name the file of an earlier --state, or one that does not exist, to export the log from its beginning"
	}
	return ""
}

// read takes an empty file, which was just made, for the log's beginning.
func (s *state) read() error {
	b, err := io.ReadAll(io.LimitReader(s.file, mostState))
	if err != nil || len(b) == 0 {
		return err
	}
	var t stateText
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if d.Decode(&t) != nil || t.Schema != stateSchema || t.Seq == 0 || b[len(b)-1] != '\n' {
		return errNoState
	}
	s.at.Seq = t.Seq
	if s.at.Hash, err = audit.ParseHash(t.Hash); err != nil {
		return errNoState
	}
	return nil
}

// save writes where the export is now: another file, synced, takes the place of the
// old one, so that a kill or a power cut leaves the one or the other.
func (s *state) save(at audit.Mark) error {
	if s == nil || at == s.at {
		return nil
	}
	f, err := s.replace(at)
	if err != nil {
		return &Error{Op: "write", Object: "--state " + s.path, Err: err, Hint: "the events since are exported once more when it goes on"}
	}
	s.file.Close()
	s.file, s.at = f, at
	return nil
}

func (s *state) replace(at audit.Mark) (*os.File, error) {
	text, err := json.Marshal(stateText{stateSchema, at.Seq, at.Hash.String()})
	if err != nil {
		return nil, err
	}
	dir, err := safepath.Find(filepath.Dir(s.path), nil)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	base := filepath.Base(s.path)
	next := base + ".new"
	_ = unix.Unlinkat(int(dir.Fd()), next, 0) // what a killed one left; its folder can't be another's, or the next call fails
	fd, err := unix.Openat(int(dir.Fd()), next, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), s.path)
	_, err = f.Write(append(text, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	}
	if err == nil {
		err = unix.Renameat(int(dir.Fd()), next, int(dir.Fd()), base)
	}
	if err != nil {
		f.Close()
		_ = unix.Unlinkat(int(dir.Fd()), next, 0)
		return nil, err
	}
	return f, syncFolder(dir)
}

// syncFolder has the new name survive a power cut; an O_PATH descriptor can't.
func syncFolder(dir *os.File) error {
	fd, err := unix.Openat(int(dir.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Fsync(fd); err != nil && err != unix.EINVAL { // of a file system that has nothing to sync
		return err
	}
	return nil
}

func (s *state) close() {
	if s != nil {
		s.file.Close()
	}
}
