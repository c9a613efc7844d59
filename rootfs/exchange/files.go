package exchange

import (
	"context"
	"errors"
	"os"

	"github.com/jailrun/jail/internal/draft"
	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// file gives a regular file to the receiver.
func (w *walk) file(ctx context.Context, dir *os.File, name string, s spot) error {
	f, err := w.open(dir, name, unix.O_RDONLY)
	if err != nil {
		return w.leave(s.from, fail(opening, s.from, err), s.named)
	}
	defer f.Close()
	return w.content(ctx, f, s)
}

// content gives what is open to the receiver.
func (w *walk) content(ctx context.Context, f *os.File, s spot) error {
	c, err := w.regular(f, s.from)
	if err != nil {
		return w.leave(s.from, err, s.named)
	}
	err = w.give(ctx, w.to, s.to, c)
	var unread *unreadable
	if errors.As(err, &unread) {
		return w.leave(s.from, fail(copying, s.from, unread.err), s.named)
	}
	return err
}

// give has a receiver take a file, within what is left.
func (t *tally) give(ctx context.Context, to receiver, path string, c *content) error {
	if err := t.one(c.path); err != nil {
		return err
	}
	if t.left.Bytes == 0 && c.size > 0 {
		return t.over(copying, c.path, ErrTooLarge, "raise the limit of bytes in all, or name fewer files")
	}
	c.bound, c.cut = t.bound(), t.left.Cut
	if c.size > c.bound && !c.cut {
		return tooLarge(c.path)
	}
	if t.buffer == nil {
		t.buffer = make([]byte, 64<<10)
	}
	c.buffer = t.buffer
	item, err := to.file(ctx, path, c)
	if err != nil {
		return err
	}
	item.Path, item.Kind, item.Size = path, File, c.read
	item.Truncated = c.over
	t.add(item)
	return nil
}

// regular is the content of a file that was opened as one.
func (w *walk) regular(f *os.File, path string) (*content, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, fail(opening, path, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, fail(opening, path, ErrNotFile)
	}
	return &content{file: f, from: f, path: path, size: st.Size, mode: draft.ModeOf(st.Mode)}, nil
}

// link keeps, follows or skips a link.
func (w *walk) link(ctx context.Context, dir *os.File, name string, s spot) error {
	switch w.links {
	case keepLinks:
		return w.keepLink(dir, name, s)
	case followLinks:
		return w.follow(ctx, s)
	}
	return w.leave(s.from, fail(opening, s.from, safepath.SymbolicLink), s.named)
}

// keepLink makes the link anew. What it says is read once.
func (w *walk) keepLink(dir *os.File, name string, s spot) error {
	var buf [unix.PathMax]byte
	n, err := unix.Readlinkat(int(dir.Fd()), name, buf[:])
	if err != nil {
		return w.leave(s.from, fail(opening, s.from, err), s.named)
	}
	target := string(buf[:n])
	if !safepath.StaysBeneath(s.to, target) {
		return w.leave(s.from, fail(opening, s.from, ErrLinkOut), s.named)
	}
	if err := w.one(s.from); err != nil {
		return err
	}
	if err := w.to.link(s.to, target); err != nil {
		return err
	}
	w.add(Item{Path: s.to, Kind: Link, Target: target})
	return nil
}

// follow takes what a link of the caller's leads to. A circle ends at the limits.
func (w *walk) follow(ctx context.Context, s spot) error {
	place, err := safepath.Find(s.from, w.host)
	if err != nil {
		return w.leave(s.from, fail(opening, s.from, err), s.named)
	}
	defer place.Close()
	f, err := safepath.Beneath(int(place.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY)
	if errors.Is(err, unix.ENOTDIR) {
		return w.followFile(ctx, s)
	}
	if err != nil {
		return w.leave(s.from, fail(opening, s.from, err), s.named)
	}
	defer f.Close()
	if s.depth > w.left.Depth {
		return w.deep(s)
	}
	return w.into(ctx, f, s, s.at == all)
}

func (w *walk) followFile(ctx context.Context, s spot) error {
	f, err := safepath.OpenInput(s.from, w.host)
	if err != nil {
		return w.leave(s.from, fail(opening, s.from, err), s.named)
	}
	defer f.Close()
	return w.content(ctx, f, s)
}
