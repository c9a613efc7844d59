package exchange

import (
	"context"
	"errors"
	"os"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// A walk goes down a tree, and gives what it finds to a receiver.
type walk struct {
	*tally
	text     string // of the pattern, as the caller has it
	pattern  pattern
	to       receiver
	oneMount bool
	links    linkRule
	host     safepath.Follow // asked of the links that are followed
	name     string          // what the one thing that was named is called where it is put; "": as it is
	matched  bool
	whole    bool // the tree is the caller's own: what can't be read of it is an error, but for what is no file
}

// A linkRule says what becomes of a link that is found.
type linkRule uint8

const (
	skipLinks   linkRule = iota
	keepLinks            // as data, if they can't lead out
	followLinks          // in the caller's own folders
)

// A receiver takes what a walk finds. Paths are where it is to be put.
type receiver interface {
	folder(path string) error
	file(ctx context.Context, path string, c *content) (Item, error)
	link(path, target string) error
	close() error
}

// A spot is a folder that the walk is in, held open.
type spot struct {
	dir      *os.File
	from, to string // paths: in the tree that is read, and where it is put
	at       states
	depth    int
	named    bool // the caller said the next name: what can't be copied is an error
}

// open opens a name of the folder.
func (w *walk) open(dir *os.File, name string, flags int) (*os.File, error) {
	return openIn(dir, name, flags, w.oneMount)
}

// openIn opens a name of a folder, and no other mount's if it is to be one.
func openIn(dir *os.File, name string, flags int, oneMount bool) (*os.File, error) {
	if oneMount {
		return safepath.BeneathMount(int(dir.Fd()), name, flags)
	}
	return safepath.Beneath(int(dir.Fd()), name, flags)
}

// matching takes what the pattern matches in a folder, which must be something.
func (w *walk) matching(ctx context.Context, s spot) error {
	if err := w.folder(ctx, s); err != nil || w.matched {
		return err
	}
	return &Error{Op: opening, Object: w.text, Err: ErrNoMatch, Hint: "check the pattern; a name with a wildcard in it needs \\ before that"}
}

// folder takes what the pattern may match in a folder.
func (w *walk) folder(ctx context.Context, s spot) error {
	entries, cut := w.entries(ctx, s)
	if cut != nil && !errors.Is(cut, errCut) {
		return w.leave(s.from, cut, s.named)
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return fail(copying, s.from, err)
		}
		if err := w.entry(ctx, s, e); err != nil {
			return err
		}
	}
	return nil
}

// entries are the names that may match. Where the pattern has names, the folder
// need not be listed.
func (w *walk) entries(ctx context.Context, s spot) ([]entry, error) {
	names, few := w.pattern.names(s.at)
	if !few {
		return w.list(ctx, s.dir, s.from)
	}
	entries := make([]entry, len(names))
	for i, name := range names {
		entries[i].name = name
	}
	return entries, nil
}

func (w *walk) entry(ctx context.Context, s spot, e entry) error {
	next, whole := w.pattern.step(s.at, e.name)
	if next == 0 {
		return nil
	}
	below := spot{from: join(s.from, e.name), to: join(s.to, w.called(s, e.name)), at: next, depth: s.depth + 1, named: s.named}
	if len(below.from) > longestPath || len(below.to) > longestPath {
		return w.deep(below)
	}
	kind, err := w.kind(s.dir, e)
	if err != nil && (whole || !errors.Is(err, unix.ENOENT)) {
		return w.missing(below, err)
	}
	if whole {
		w.matched = true
		below.at = all
	}
	switch {
	case kind == unix.S_IFDIR:
		return w.enter(ctx, s.dir, e.name, below, whole)
	case !whole:
		return nil
	case kind == unix.S_IFREG:
		return w.file(ctx, s.dir, e.name, below)
	case kind == unix.S_IFLNK:
		return w.link(ctx, s.dir, e.name, below)
	}
	return w.leave(below.from, fail(opening, below.from, safepath.Kind(kind)), s.named)
}

// called is what a name becomes where it is put.
func (w *walk) called(s spot, name string) string {
	if s.named && w.name != "" {
		return w.name
	}
	return name
}

// missing is a name that the pattern has, and the folder may have no more.
func (w *walk) missing(s spot, err error) error {
	if !s.named && errors.Is(err, unix.ENOENT) {
		return nil
	}
	return w.leave(s.from, fail(opening, s.from, err), s.named)
}

// kind asks what a name is where the listing did not say. What it then is
// opened as is proved again: it may have changed.
func (w *walk) kind(dir *os.File, e entry) (uint32, error) {
	if e.kind != 0 {
		return e.kind, nil
	}
	f, err := w.open(dir, e.name, unix.O_PATH)
	if errors.Is(err, safepath.SymbolicLink) {
		return unix.S_IFLNK, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var st unix.Stat_t
	err = unix.Fstat(int(f.Fd()), &st)
	return st.Mode & unix.S_IFMT, err
}

func (w *walk) enter(ctx context.Context, dir *os.File, name string, s spot, whole bool) error {
	if s.depth > w.left.Depth {
		return w.deep(s)
	}
	f, err := w.open(dir, name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return w.leave(s.from, fail(opening, s.from, err), s.named)
	}
	defer f.Close()
	return w.into(ctx, f, s, whole)
}

// into takes a folder that is open.
func (w *walk) into(ctx context.Context, f *os.File, s spot, whole bool) error {
	if whole && s.to != "" {
		if err := w.one(s.from); err != nil {
			return err
		}
		if err := w.to.folder(s.to); err != nil {
			return err
		}
		w.add(Item{Path: s.to, Kind: Folder, Mode: 0o755})
	}
	s.dir, s.named = f, false
	return w.folder(ctx, s)
}

// deep leaves out what lies too deep; the rest is still copied if it may be cut.
func (w *walk) deep(s spot) error {
	err := w.over(opening, s.from, ErrTooDeep, "raise the limit of depth, or name a folder below")
	if errors.Is(err, errCut) {
		w.skip(s.from, fail(opening, s.from, ErrTooDeep))
		return nil
	}
	return err
}

// leave leaves out what can't be read, unless the caller has named it.
func (w *walk) leave(path string, err error, named bool) error {
	var kind safepath.Refusal
	if named || w.whole && !errors.As(err, &kind) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrTooMany) {
		return err
	}
	w.skip(path, err)
	return nil
}

func join(folder, name string) string {
	if folder == "" || folder == "." {
		return name
	}
	if folder[len(folder)-1] == '/' {
		return folder + name
	}
	return folder + "/" + name
}
