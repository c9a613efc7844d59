package cache

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"time"

	"github.com/jailrun/jail/internal/draft"
	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/rootfs/digest"
	"golang.org/x/sys/unix"
)

const putting = "put"

// Limits bounds one file that is put. Zero is the store's own limit.
type Limits struct{ FileBytes size.Bytes }

// Put keeps what r gives until its end, and says what it is called. What is there
// already is kept, and counts as used now. The context is looked at between reads.
//
// The error is an *Error; ErrTooLarge if r gives more than is allowed.
func (s *Store) Put(ctx context.Context, r io.Reader, l Limits) (digest.Digest, size.Bytes, error) {
	limit := s.limits.FileBytes
	if l.FileBytes < 0 {
		return digest.Digest{}, 0, fail(putting, "a file", ErrBadLimit)
	}
	if l.FileBytes > 0 {
		limit = min(limit, l.FileBytes)
	}
	d, err := draft.New(s.dir, 0o444)
	if err != nil {
		return digest.Digest{}, 0, fail(putting, "a file", err)
	}
	defer d.Drop()
	sum, n, err := write(ctx, d, r, int64(limit))
	if err != nil {
		return digest.Digest{}, 0, fail(putting, "a file", err)
	}
	err = s.locked(ctx, func(ctx context.Context) error { return s.publish(ctx, d, sum, n) })
	if err != nil {
		return digest.Digest{}, 0, fail(putting, sum.String(), err)
	}
	return sum, size.Bytes(n), nil
}

// write fills a draft and brings it to the disk: a name must not outlive a loss of
// power that its content did not.
func write(ctx context.Context, d *draft.Draft, r io.Reader, limit int64) (digest.Digest, int64, error) {
	h := sha256.New()
	n, err := io.CopyBuffer(io.MultiWriter(d.File, h), &bounded{ctx, r, limit}, make([]byte, 64<<10))
	if err != nil {
		return digest.Digest{}, 0, err
	}
	if err := unix.Fchmod(int(d.File.Fd()), 0o444); err != nil { // whatever the umask
		return digest.Digest{}, 0, err
	}
	return digest.Digest(h.Sum(nil)), n, d.File.Sync()
}

// bounded reads until a limit or the context's end.
type bounded struct {
	ctx  context.Context
	from io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.from.Read(p[:min(int64(len(p)), max(b.left+1, 1))])
	if b.left -= int64(n); b.left < 0 {
		return 0, ErrTooLarge
	}
	return n, err
}

// publish makes room and names the draft, under the lock.
func (s *Store) publish(ctx context.Context, d *draft.Draft, sum digest.Digest, n int64) error {
	name := sum.Hex()
	if s.touch(name) == nil {
		return nil
	}
	t, err := s.total()
	if err != nil {
		return err
	}
	if t.bytes, t.files = t.bytes+n, t.files+1; !t.fits(s.limits) {
		if t, err = s.makeRoom(ctx, total{n, 1}); err != nil {
			return err
		}
	}
	if err := s.setTotal(t); err != nil {
		return err
	}
	if err := d.Publish(name); !errors.Is(err, unix.EEXIST) {
		return err
	}
	return nil
}

// touch says that a file is used now. Its time of change is that of its last use:
// the time of access is not kept on many hosts.
func (s *Store) touch(name string) error {
	now := unix.NsecToTimespec(time.Now().UnixNano())
	return unix.UtimesNanoAt(int(s.dir.Fd()), name, []unix.Timespec{now, now}, unix.AT_SYMLINK_NOFOLLOW)
}
