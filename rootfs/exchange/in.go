package exchange

import (
	"context"
	"io/fs"
	"os"
	"strings"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// Owner is who shall own what is copied in: ids of the host, as the jail's are
// mapped to.
type Owner struct{ UID, GID int }

// InOptions says how to copy in. The zero value replaces nothing, and leaves what
// is made to the caller's own ids.
type InOptions struct {
	Limits Limits
	Owner  *Owner      // of files and folders that are made, by his rights and no others; nil: the caller
	Mode   fs.FileMode // of files, permissions only; 0: 0644, or 0755 where the source may be executed

	// Replace: a file of that name is replaced by a rename. Otherwise it is
	// ErrExists. A folder is filled, and anything else is never replaced.
	Replace bool

	// OneMount: to may not lead into what is mounted below the tree.
	OneMount bool
}

// In copies source to a path beneath tree, and makes the folders on the way, with
// mode 0755. A to that ends in "/", or is ".", is a folder that takes a file or
// folder under its own name; so is any to for what a pattern matches.
//
// A file appears under its name when it is whole. No link in the tree is
// followed: one on the way is an error.
//
// The context is looked at between reads. The report holds what was copied even
// with an error. The error is an *Error.
func In(ctx context.Context, tree *os.File, source Source, to string, o InOptions) (Report, error) {
	t, err := newTally(o.Limits)
	if err != nil {
		return Report{}, err
	}
	names, err := namesBeneath(to)
	if err != nil || to == "" {
		return Report{}, fail(reading, to, ErrBadPath)
	}
	top, err := safepath.Beneath(int(tree.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return Report{}, fail(opening, ".", err)
	}
	s := &shelf{top: top, replace: o.Replace, mount: o.OneMount,
		own: ownership{exact: true, ids: o.Owner, mode: o.Mode.Perm()}}
	d := destination{path: strings.Join(names, "/")}
	d.folder = d.path == "" || strings.HasSuffix(to, "/") || strings.HasSuffix(to, "/.")
	return t.end(closed(s, source.give(ctx, t, s, d)))
}

// A destination is where a source is put.
type destination struct {
	path   string
	folder bool // path is the folder that takes it under its own name
}

// of is the path for what has a name of its own.
func (d destination) of(name string) string {
	if d.folder && name != "" { // a folder without a name, as ".", gives what is in it
		return join(d.path, name)
	}
	return d.path
}
