package exchange

import (
	"context"
	"os"
)

// OutOptions says how to copy out. The zero value follows nothing, keeps to the
// default limits, and enters mounts below the tree.
type OutOptions struct {
	Limits Limits

	// OneMount: what is mounted below the tree is skipped. On kernels before 5.6
	// a bind mount of the same file system is not told apart.
	OneMount bool

	// KeepLinks: a link that is relative and stays beneath what is copied is made
	// anew. Any other is skipped.
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
// The report holds what was copied even with an error. The error is an *Error.
func Out(ctx context.Context, tree *os.File, from string, to Sink, o OutOptions) (Report, error) {
	return Report{}, nil
}
