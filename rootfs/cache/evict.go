package cache

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jailrun/jail/internal/draft"
	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/rootfs/digest"
	"golang.org/x/sys/unix"
)

// An Entry is a file of a cache.
type Entry struct {
	Digest digest.Digest
	Bytes  size.Bytes
	Used   time.Time // when it was last put or opened
}

// List gives all files, those that were used last first.
func (s *Store) List(ctx context.Context) ([]Entry, error) {
	all, err := s.entries(ctx)
	if err != nil {
		return nil, fail("list", s.dir.Name(), err)
	}
	slices.Reverse(all)
	return all, nil
}

// Eviction says what is to go. The zero value is what is over the store's limits.
type Eviction struct {
	Bytes size.Bytes    // evict until no more are left; 0: the store's limit
	Age   time.Duration // evict what was not used for longer; 0: none
}

// Evict removes files, those first that were not used for longest, and says what
// went.
func (s *Store) Evict(ctx context.Context, e Eviction) ([]Entry, error) {
	if e.Bytes < 0 || e.Age < 0 {
		return nil, fail("evict", s.dir.Name(), ErrBadLimit)
	}
	limits := s.limits
	if e.Bytes > 0 {
		limits.Bytes = min(limits.Bytes, e.Bytes)
	}
	var oldest time.Time
	if e.Age > 0 {
		oldest = time.Now().Add(-e.Age)
	}
	var gone []Entry
	err := s.locked(ctx, func(ctx context.Context) (err error) {
		gone, _, err = s.evict(ctx, total{}, limits, oldest)
		return err
	})
	if err != nil {
		return gone, fail("evict", s.dir.Name(), err)
	}
	return gone, nil
}

// makeRoom evicts until more fits, and gives the total with it. It frees a tenth
// more than is needed, so that not each Put looks at all files.
func (s *Store) makeRoom(ctx context.Context, more total) (total, error) {
	limits := s.limits
	if more.files > 0 {
		limits.Bytes -= (limits.Bytes - size.Bytes(more.bytes)) / 10
		limits.Files -= limits.Files / 10
	}
	_, t, err := s.evict(ctx, more, limits, time.Time{})
	return t, err
}

// evict removes what is over the limits with more, and what is older, and sets the
// total right.
func (s *Store) evict(ctx context.Context, more total, limits Options, oldest time.Time) (gone []Entry, t total, err error) {
	all, err := s.entries(ctx)
	if err != nil {
		return nil, t, err
	}
	t = more
	for _, e := range all {
		t.bytes, t.files = t.bytes+int64(e.Bytes), t.files+1
	}
	for len(all) > 0 && (!t.fits(limits) || all[0].Used.Before(oldest)) {
		if err := unix.Unlinkat(int(s.dir.Fd()), all[0].Digest.Hex(), 0); err != nil && err != unix.ENOENT {
			return gone, t, errors.Join(err, s.setTotal(t))
		}
		t.bytes, t.files = t.bytes-int64(all[0].Bytes), t.files-1
		gone, all = append(gone, all[0]), all[1:]
	}
	return gone, t, s.setTotal(t)
}

// entries are all files, those first that were not used for longest.
func (s *Store) entries(ctx context.Context) ([]Entry, error) {
	dir, err := safepath.Beneath(int(s.dir.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY) // a place to read from of its own
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	var all []Entry
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if e, ok := s.entry(dir, name); ok {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b Entry) int { return a.Used.Compare(b.Used) })
	return all, nil
}

// entry looks at a file, and removes the draft of who was killed long ago, on a
// file system where drafts have names.
func (s *Store) entry(dir *os.File, name string) (Entry, bool) {
	const abandoned = time.Hour
	var st unix.Stat_t
	if unix.Fstatat(int(dir.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
		return Entry{}, false
	}
	used := time.Unix(st.Mtim.Unix())
	if strings.HasPrefix(name, draft.Prefix) && time.Since(used) > abandoned {
		_ = unix.Unlinkat(int(dir.Fd()), name, 0)
	}
	d, err := digest.FromHex(name)
	return Entry{d, size.Bytes(st.Size), used}, err == nil
}
