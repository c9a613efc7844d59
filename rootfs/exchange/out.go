package exchange

import (
	"cmp"
	"context"
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// OutOptions says how to copy out. The zero value follows nothing, keeps to the
// default limits, and enters mounts below the tree.
type OutOptions struct {
	Limits Limits

	// OneMount: what is mounted below the tree is left out, and is an error if it
	// was named. On kernels before 5.6 a bind mount of the same file system is not
	// told apart.
	OneMount bool

	// KeepLinks: a link that is relative and can't lead out of what is copied is
	// made anew. Any other is skipped.
	KeepLinks bool
}

// Out copies from, a path beneath tree, to the sink: a file, a folder with all
// that is in it, or all that a pattern matches (see Literal).
//
// In the sink a thing has its path less the folders before its last name, or
// before the first name with a wildcard: "out/run/log" becomes "log",
// "out/*/log" becomes "a/log". All that is in "." is at the sink's top.
//
// Regular files become files of mode 0644, or 0755 where anybody may execute
// them, and folders 0755, both less the umask and the caller's own: no set-id
// bits, attributes or times. Anything else is skipped if it was found in a folder
// or by a pattern, and an error if it was named.
//
// The context is looked at between reads. The report holds what was copied even
// with an error. The error is an *Error.
func Out(ctx context.Context, tree *os.File, from string, to Sink, o OutOptions) (Report, error) {
	t, err := newTally(o.Limits)
	if err != nil {
		return Report{}, err
	}
	before, rest, err := parseBeneath(from)
	if err != nil {
		return Report{}, err
	}
	named := rest.named()
	r, name, err := to.receive(named)
	if err != nil {
		return Report{}, err
	}
	w := &walk{tally: t, text: from, pattern: rest, to: r, oneMount: o.OneMount, name: name}
	if o.KeepLinks {
		w.links = keepLinks
	}
	err = w.beneath(ctx, tree, spot{from: before, named: named})
	return t.end(closed(r, err))
}

// parseBeneath reads a path beneath a tree. What is named is the one segment of
// the rest, so that it is looked up and not listed; none is left of the tree itself.
func parseBeneath(text string) (before string, rest pattern, err error) {
	before, rest, err = split(text)
	if err != nil {
		return "", nil, err
	}
	names, err := namesBeneath(before)
	if err != nil || text == "" {
		return "", nil, fail(reading, text, ErrBadPath)
	}
	if len(rest) == 0 && len(names) > 0 {
		last := len(names) - 1
		rest, names = pattern{{text: names[last], literal: true}}, names[:last]
	}
	return strings.Join(names, "/"), rest, nil
}

// namesBeneath are the names of a path that leads down only.
func namesBeneath(path string) (names []string, err error) {
	if strings.HasPrefix(path, "/") || strings.IndexByte(path, 0) >= 0 {
		return nil, ErrBadPath
	}
	for name := range strings.SplitSeq(path, "/") {
		switch name {
		case "", ".":
		case "..":
			return nil, ErrBadPath
		default:
			names = append(names, name)
		}
	}
	return names, nil
}

// beneath walks what the pattern matches in a folder of the tree.
func (w *walk) beneath(ctx context.Context, tree *os.File, s spot) error {
	f, err := w.open(tree, cmp.Or(s.from, "."), unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return fail(opening, cmp.Or(s.from, "."), err)
	}
	defer f.Close()
	if len(w.pattern) == 0 {
		s.at, s.to = all, w.name
		return w.into(ctx, f, s, true)
	}
	s.dir, s.at = f, w.pattern.start()
	return w.matching(ctx, s)
}

// closed ends a receiver, whose error counts if nothing else went wrong.
func closed(r receiver, err error) error {
	if end := r.close(); err == nil || errors.Is(err, errCut) {
		return cmp.Or(end, err)
	}
	return err
}
