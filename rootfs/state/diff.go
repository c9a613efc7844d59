package state

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/jailrun/jail/rootfs"
	"golang.org/x/sys/unix"
)

// Kind is what became of a path.
type Kind string

// The kinds of Change.
const (
	Added   Kind = "added"
	Changed Kind = "changed"
	Deleted Kind = "deleted"
)

// Change is one path that differs from what the state lies over.
type Change struct {
	Kind  Kind   `json:"kind"`
	Path  string `json:"path"`       // as the program sees it
	Type  string `json:"type"`       // "file", "folder", "link" or "special", of what is there now, or was there
	Bytes int64  `json:"size_bytes"` // of a file that is there now; of one that is gone, what it had
}

// Sum is what all changes come to.
type Sum struct {
	Added   int64 `json:"added"`
	Changed int64 `json:"changed"`
	Deleted int64 `json:"deleted"`
	Bytes   int64 `json:"size_bytes"` // of files that were added or changed
}

// Count adds a change.
func (s *Sum) Count(c *Change) {
	switch c.Kind {
	case Added:
		s.Added++
	case Changed:
		s.Changed++
	case Deleted:
		s.Deleted++
		return
	}
	s.Bytes += c.Bytes
}

// Diff tells each change of a state, part by part, folders before what is in them.
// Stack gives what a part without a Source lies over: the image's layers. An error of
// say ends it, and is its own.
func (s *State) Diff(ctx context.Context, image rootfs.Stack, say func(Change) error) error {
	for i := range s.Parts {
		d := s.differ(ctx, &s.Parts[i], image)
		if err := d.walk(".", say); err != nil {
			return err
		}
		d.Close()
	}
	return nil
}

// differ compares one part's upper layer with what is below it.
type differ struct {
	ctx   context.Context
	part  *Part
	below rootfs.Stack
	upper *os.Root
	err   error
}

func (s *State) differ(ctx context.Context, p *Part, image rootfs.Stack) *differ {
	d := &differ{ctx: ctx, part: p, below: image}
	if p.Source != "" {
		d.below = rootfs.Stack{p.Source}
	}
	d.upper, d.err = s.openUpper(p)
	return d
}

// Close gives the upper layer back.
func (d *differ) Close() {
	if d.upper != nil {
		d.upper.Close()
	}
}

// openUpper opens a part's upper layer as a Root.
func (s *State) openUpper(p *Part) (*os.Root, error) {
	f, err := s.Upper(p)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return os.OpenRoot("/proc/self/fd/" + itoa(int(f.Fd())))
}

// inside is the path of a name in the upper layer as the program sees it.
func (d *differ) inside(name string) string { return path.Join(d.part.Target, name) }

// walk goes through a folder of the upper layer.
func (d *differ) walk(dir string, say func(Change) error) error {
	if d.err != nil {
		return d.err
	}
	f, err := d.upper.Open(dir)
	if err != nil {
		return err
	}
	names, err := f.Readdirnames(-1)
	f.Close()
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		if err := d.ctx.Err(); err != nil {
			return err
		}
		if err := d.entry(path.Join(dir, name), say); err != nil {
			return err
		}
	}
	return nil
}

// entry tells of one name, and of what is in it.
func (d *differ) entry(name string, say func(Change) error) error {
	info, err := d.upper.Lstat(name)
	if err != nil {
		return err
	}
	before, had := d.was(name)
	switch {
	case isWhiteout(info):
		if !had {
			return nil
		}
		return say(Change{Deleted, d.inside(name), typeOf(before.mode), before.size})
	case info.IsDir() && had && before.mode.IsDir() && !d.opaque(name):
		if before.mode.Perm() != info.Mode().Perm() {
			if err := say(Change{Changed, d.inside(name), "folder", 0}); err != nil {
				return err
			}
		}
		return d.walk(name, say)
	case info.IsDir():
		kind := Added
		if had {
			kind = Changed
		}
		if err := say(Change{kind, d.inside(name), "folder", 0}); err != nil {
			return err
		}
		return d.walk(name, say)
	case had && before.like(info) && d.holdsTheSame(name, info.Size()):
		return nil // copied up, and not changed
	}
	c := Change{Added, d.inside(name), typeOf(info.Mode()), 0}
	if had {
		c.Kind = Changed
	}
	if info.Mode().IsRegular() {
		c.Bytes = info.Size()
	}
	return say(c)
}

// prior is what was at a path.
type prior struct {
	mode fs.FileMode
	size int64
}

func (d *differ) was(name string) (prior, bool) {
	st, err := d.below.Lstat(name)
	if err != nil {
		return prior{}, false
	}
	p := prior{mode: modeOf(st.Mode)}
	if p.mode.IsRegular() {
		p.size = st.Size
	}
	return p, true
}

// like says whether a file could be what was there, which its content tells: times are
// the program's to set.
func (p *prior) like(info fs.FileInfo) bool {
	return info.Mode().IsRegular() && p.mode.IsRegular() && p.mode.Perm() == info.Mode().Perm() && p.size == info.Size()
}

// holdsTheSame compares a file with what is below it.
func (d *differ) holdsTheSame(name string, size int64) bool {
	now, err := d.upper.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		return false
	}
	defer now.Close()
	was, err := d.below.Open(name)
	if err != nil {
		return false
	}
	defer was.Close()
	return equal(now, was, size)
}

// equal compares so many bytes of two files.
func equal(a, b io.Reader, size int64) bool {
	var x, y [32 << 10]byte
	for size > 0 {
		n := min(size, int64(len(x)))
		if _, err := io.ReadFull(a, x[:n]); err != nil {
			return false
		}
		if _, err := io.ReadFull(b, y[:n]); err != nil || x != y {
			return false
		}
		size -= n
	}
	return true
}

// opaque says whether a folder of the upper layer covers the one below it.
func (d *differ) opaque(name string) bool {
	f, err := d.upper.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	var v [1]byte
	n, err := unix.Fgetxattr(int(f.Fd()), "user.overlay.opaque", v[:])
	return err == nil && n == 1 && v[0] == 'y'
}

func isWhiteout(info fs.FileInfo) bool {
	return info.Mode()&fs.ModeCharDevice != 0 && info.Sys().(*unixStat).Rdev == 0
}

func typeOf(m fs.FileMode) string {
	switch m.Type() {
	case 0:
		return "file"
	case fs.ModeDir:
		return "folder"
	case fs.ModeSymlink:
		return "link"
	}
	return "special"
}

// modeOf turns the kernel's mode into Go's.
func modeOf(m uint32) fs.FileMode {
	mode := fs.FileMode(m & 0o777)
	switch m & unix.S_IFMT {
	case unix.S_IFDIR:
		mode |= fs.ModeDir
	case unix.S_IFLNK:
		mode |= fs.ModeSymlink
	case unix.S_IFREG:
	default:
		mode |= fs.ModeIrregular
	}
	return mode
}

// Selected says whether a path is one of those that are named, or in one of them; none
// named are all.
func Selected(p string, named []string) bool {
	for _, n := range named {
		if n = path.Clean(n); p == n || strings.HasPrefix(p, strings.TrimSuffix(n, "/")+"/") {
			return true
		}
	}
	return len(named) == 0
}
