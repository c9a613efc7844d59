// Package exchange copies files into and out of a tree that an untrusted program
// writes, also while it runs.
//
// The tree is a descriptor of its top folder. All that is opened in it is opened
// by single names from folders that are held open: no link is followed, nothing
// above the top is reached, and only regular files and folders are read, whatever
// the program renames meanwhile. What the program can make endless (a file that
// grows, a folder that fills) ends at a limit.
package exchange

import "io/fs"

// Kind is what a thing was copied as.
type Kind string

// The kinds.
const (
	File   Kind = "file"
	Folder Kind = "folder"
	Link   Kind = "link"
)

// Means is how a file's content was copied.
type Means string

// The means, the cheapest first.
const (
	Cloned Means = "reflink"         // shares its blocks until one of the two is written: ioctl_ficlone(2)
	Ranged Means = "copy_file_range" // copied in the kernel
	Copied Means = "read and write"
)

// An Item is one thing that was copied.
type Item struct {
	Path      string // where it was put, from the top of the sink or of the tree; bytes of the program's choice
	Kind      Kind
	Size      int64       // of a file: bytes that were read, holes included
	Mode      fs.FileMode // of a file or folder: permissions as asked for, before the umask
	Target    string      // of a link
	Truncated bool        // the file was longer, or became shorter while a tar had promised more
	Means     Means       // of a file that became a file
}

// A Skip is one thing that was not copied, while the rest was.
type Skip struct {
	Path string // in the tree or folder that was read
	Err  error  // an *Error
}

// A Report says what was copied. Its lists hold what fits some megabytes; what is
// beyond is counted in Unlisted.
type Report struct {
	Items     []Item
	Skipped   []Skip
	Bytes     int64 // of all files
	Files     int
	Truncated bool // a limit was met with Limits.Cut
	Unlisted  int  // items and skips that are in no list
}
