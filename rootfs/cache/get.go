package cache

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math"
	"os"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/rootfs/digest"
	"golang.org/x/sys/unix"
)

// Open opens a file for reading, at its begin. It counts as used now. The caller
// closes it, and may read it when it is no longer in the cache.
//
// The error is an *Error; ErrNotFound if there is none.
func (s *Store) Open(d digest.Digest) (*os.File, error) {
	f, err := s.file(d)
	if err != nil {
		return nil, fail("open", d.String(), err)
	}
	return f, nil
}

func (s *Store) file(d digest.Digest) (*os.File, error) {
	name := d.Hex()
	f, err := safepath.Beneath(int(s.dir.Fd()), name, unix.O_RDONLY)
	if errors.Is(err, unix.ENOENT) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	_ = s.touch(name) // evicted since: it is open
	return f, nil
}

// Verify reads a file and says whether it is what its digest says. If not, it is
// removed: ErrCorrupt.
func (s *Store) Verify(ctx context.Context, d digest.Digest) error {
	f, err := s.file(d)
	if err != nil {
		return fail("verify", d.String(), err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.CopyBuffer(h, &bounded{ctx, f, math.MaxInt64 - 1}, make([]byte, 64<<10)); err != nil {
		return fail("verify", d.String(), err)
	}
	if digest.Digest(h.Sum(nil)) == d {
		return nil
	}
	if err := s.Remove(ctx, d); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	return fail("verify", d.String(), ErrCorrupt)
}

// Remove removes a file; ErrNotFound if there is none.
func (s *Store) Remove(ctx context.Context, d digest.Digest) error {
	err := s.locked(ctx, func(context.Context) error { return s.remove(d.Hex()) })
	if err != nil {
		return fail("remove", d.String(), err)
	}
	return nil
}

// remove removes a file and counts it, under the lock.
func (s *Store) remove(name string) error {
	var st unix.Stat_t
	err := unix.Fstatat(int(s.dir.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW)
	if err == nil {
		err = unix.Unlinkat(int(s.dir.Fd()), name, 0)
	}
	if err == unix.ENOENT {
		return ErrNotFound
	}
	if err != nil {
		return err
	}
	t, err := s.total()
	if err != nil {
		return err
	}
	return s.setTotal(total{max(t.bytes-st.Size, 0), max(t.files-1, 0)})
}
