// Package cache keeps files by the digest of their content, bounded, for any
// number of runs and processes at once.
//
// A file is seen when it is whole and on the disk, and is never changed. What was
// used least recently makes place for what is new; who has it open may read on.
package cache

import (
	"cmp"
	"context"
	"errors"
	"os"

	"github.com/jailrun/jail/internal/filelock"
	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/internal/size"
	"golang.org/x/sys/unix"
)

// Options bounds a cache. Zero is the default; a negative number is an error.
// Processes that share a folder should agree on them: each evicts to its own.
type Options struct {
	Bytes     size.Bytes // of all files: 1G
	FileBytes size.Bytes // of one file: as Bytes
	Files     int        // 100000
}

func (o Options) filled() (Options, error) {
	if o.Bytes < 0 || o.FileBytes < 0 || o.Files < 0 {
		return o, ErrBadLimit
	}
	o.Bytes = cmp.Or(o.Bytes, size.GiB)
	o.FileBytes = min(cmp.Or(o.FileBytes, o.Bytes), o.Bytes)
	o.Files = cmp.Or(o.Files, 100_000)
	return o, nil
}

// A Store is a cache's folder. It may be used by several goroutines.
type Store struct {
	limits Options
	dir    *os.File      // of the files
	count  *os.File      // what they are in all; its lock is the store's
	turn   chan struct{} // the lock between goroutines, which share a descriptor's
}

const opening = "open the cache"

// Open opens a cache, and makes its folder with mode 0700 if it is missing.
// Neither it nor what is in it may be another user's to write. What was left by a
// process that was killed is counted and removed.
//
// The error is an *Error.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	o, err := o.filled()
	if err != nil {
		return nil, fail(opening, path, err)
	}
	s := &Store{limits: o, turn: make(chan struct{}, 1)}
	if err = s.open(path); err == nil {
		err = s.locked(ctx, s.recount)
	}
	if err != nil {
		s.Close()
		return nil, fail(opening, path, err)
	}
	return s, nil
}

// Close closes the folder. Files that were opened stay open.
func (s *Store) Close() error {
	var err error
	for _, f := range []*os.File{s.dir, s.count} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}

func (s *Store) open(path string) (err error) {
	if err := unix.Mkdir(path, 0o700); err != nil && err != unix.EEXIST {
		return err
	}
	top, err := safepath.Find(path, nil)
	if err != nil {
		return err
	}
	defer top.Close()
	if err := private(top); err != nil {
		return err
	}
	if err := unix.Mkdirat(int(top.Fd()), "sha256", 0o700); err != nil && err != unix.EEXIST {
		return err
	}
	if s.dir, err = safepath.Beneath(int(top.Fd()), "sha256", unix.O_RDONLY|unix.O_DIRECTORY); err != nil {
		return err
	}
	if err := private(s.dir); err != nil {
		return err
	}
	s.count, err = safepath.Beneath(int(top.Fd()), "count", unix.O_RDWR|unix.O_CREAT)
	return err
}

// private refuses a folder in which another user could put a file under a digest
// that is not its own.
func private(dir *os.File) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(dir.Fd()), &st); err != nil {
		return err
	}
	if st.Uid != uint32(unix.Geteuid()) || st.Mode&0o022 != 0 {
		return ErrShared
	}
	return nil
}

// locked does what no other process and goroutine may do meanwhile.
func (s *Store) locked(ctx context.Context, do func(context.Context) error) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.turn }()
	if err := filelock.Lock(ctx, s.count, unix.LOCK_EX, filelock.Patience); err != nil {
		return err
	}
	defer filelock.Unlock(s.count)
	return do(ctx)
}
