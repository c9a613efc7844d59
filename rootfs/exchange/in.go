package exchange

import (
	"context"
	"io/fs"
	"os"
)

// Owner is who shall own what is copied in: ids of the host, as the jail's are
// mapped to.
type Owner struct{ UID, GID int }

// InOptions says how to copy in. The zero value replaces nothing, and leaves what
// is made to the caller's own ids.
type InOptions struct {
	Limits Limits
	Owner  *Owner      // nil: the caller
	Mode   fs.FileMode // of files, permissions only; 0: 0644, or 0755 where the source may be executed

	// Replace: a file of that name is replaced by a rename. Otherwise it is
	// ErrExists.
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
// The report holds what was copied even with an error. The error is an *Error.
func In(ctx context.Context, tree *os.File, source Source, to string, o InOptions) (Report, error) {
	return Report{}, nil
}
