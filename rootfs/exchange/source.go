package exchange

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"strings"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// A Source gives what is copied in.
type Source interface {
	give(ctx context.Context, t *tally, to *shelf, where destination) error
}

// SourceOptions says how a path of the host's is read.
type SourceOptions struct {
	// FollowLinks: a link in a folder that is copied is followed, to files and
	// folders. Otherwise it is skipped.
	FollowLinks bool

	// Follow is asked of each link, as in HostOptions.
	Follow safepath.Follow
}

// FromPath is a file of the host, a folder with all that is in it, or all that a
// pattern matches (see Literal). The path itself may lead through links that the
// caller or root made. Only regular files are read.
func FromPath(path string, o SourceOptions) Source { return hostPath{path, o} }

// FromReader is one file that is read until it ends. It is executable with
// InOptions.Mode only.
func FromReader(r io.Reader) Source { return reader{r} }

// FromBytes is one file of these bytes.
func FromBytes(b []byte) Source { return reader{bytes.NewReader(b)} }

// FromFile is a regular file that is open for reading: all of it, wherever it was
// read up to.
func FromFile(f *os.File) Source { return openFile{f} }

// openFile is a Source.
type openFile struct{ *os.File }

func (f openFile) give(ctx context.Context, t *tally, to *shelf, where destination) error {
	w := &walk{tally: t, to: to}
	return w.content(ctx, f.File, spot{from: f.Name(), to: where.of(ownName(f.Name())), named: true})
}

// FromLink is a symbolic link to target, which is data: nothing follows it here. It
// replaces nothing and stays the caller's: a name could be another file by the time
// at which it was given away.
func FromLink(target string) Source { return toLink(target) }

// toLink is a Source.
type toLink string

func (l toLink) give(_ context.Context, t *tally, to *shelf, where destination) error {
	if where.folder {
		return noName(where)
	}
	if err := t.one(where.path); err != nil {
		return err
	}
	if err := to.link(where.path, string(l)); err != nil {
		return err
	}
	t.add(Item{Path: where.path, Kind: Link, Target: string(l)})
	return nil
}

// noName is a folder where what is copied has no name of its own.
func noName(where destination) error {
	return &Error{Op: reading, Object: cmp.Or(where.path, "."), Err: ErrBadPath, Hint: "say what the file is to be called"}
}

// reader is a Source.
type reader struct{ from io.Reader }

func (r reader) give(ctx context.Context, t *tally, to *shelf, where destination) error {
	if where.folder {
		return noName(where)
	}
	c := &content{from: r.from, path: where.path, mode: 0o644}
	err := t.give(ctx, to, where.path, c)
	var unread *unreadable
	if errors.As(err, &unread) {
		return fail(copying, where.path, unread.err)
	}
	return err
}

// hostPath is a Source.
type hostPath struct {
	path string
	SourceOptions
}

func (h hostPath) give(ctx context.Context, t *tally, to *shelf, where destination) error {
	if h.path == "" || strings.IndexByte(h.path, 0) >= 0 {
		return fail(reading, h.path, ErrBadPath)
	}
	before, rest, err := split(h.path)
	if err != nil {
		return err
	}
	w := &walk{tally: t, text: h.path, pattern: rest, to: to, host: h.Follow, whole: true}
	if h.FollowLinks {
		w.links = followLinks
	}
	place, err := safepath.Find(cmp.Or(before, "."), h.Follow)
	if err != nil {
		return fail(opening, h.path, err)
	}
	defer place.Close()
	f, err := safepath.Beneath(int(place.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY)
	if errors.Is(err, unix.ENOTDIR) && len(rest) == 0 {
		return h.file(ctx, w, before, where)
	}
	if err != nil {
		return fail(opening, h.path, err)
	}
	defer f.Close()
	s := spot{dir: f, from: before, to: where.path, at: rest.start()}
	if len(rest) > 0 {
		return w.matching(ctx, s)
	}
	s.to, s.at, s.named = where.of(ownName(before)), all, true
	return w.into(ctx, f, s, true)
}

// String is the path or pattern.
func (h hostPath) String() string { return h.path }

// file takes the one file that was named.
func (h hostPath) file(ctx context.Context, w *walk, name string, where destination) error {
	f, err := safepath.OpenInput(name, h.Follow)
	if err != nil {
		return fail(opening, name, err)
	}
	defer f.Close()
	return w.content(ctx, f, spot{from: name, to: where.of(ownName(name)), named: true})
}

// ownName is what a path's thing is called: nothing for a folder that has no name.
func ownName(of string) string {
	switch name := path.Base(of); name {
	case ".", "..", "/":
		return ""
	default:
		return name
	}
}
