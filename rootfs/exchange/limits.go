package exchange

import (
	"cmp"

	"github.com/jailrun/jail/internal/size"
)

// Limits bounds one copy. Zero is the default; a negative number is an error.
type Limits struct {
	Bytes     size.Bytes // of all files: 256M
	FileBytes size.Bytes // of one file, holes included: as Bytes
	Files     int        // files, folders and links that are copied: 10000
	Names     int        // names that are read in folders, also those that no pattern matches: 100000
	Depth     int        // folders below the first; each takes a descriptor: 64

	// Cut: a limit that is met cuts what is copied, and the report says
	// Truncated. Otherwise it is an error: what was copied whole stays and is in
	// the report; what was not is removed.
	Cut bool
}

const (
	defaultBytes = 256 * size.MiB
	defaultFiles = 10_000
	defaultNames = 100_000
	defaultDepth = 64

	longestPath = 4096 // PATH_MAX: what no call takes as a whole, none needs to be told of
)

// filled is the limits without a zero.
func (l Limits) filled() (Limits, error) {
	for _, n := range [...]struct {
		name  string
		value int64
	}{
		{"Bytes", int64(l.Bytes)}, {"FileBytes", int64(l.FileBytes)}, {"Files", int64(l.Files)}, {"Names", int64(l.Names)}, {"Depth", int64(l.Depth)},
	} {
		if n.value < 0 {
			return l, &Error{Op: "read the limit", Object: n.name, Err: ErrBadLimit, Hint: "0 stands for the default"}
		}
	}
	l.Bytes = cmp.Or(l.Bytes, defaultBytes)
	l.FileBytes = cmp.Or(l.FileBytes, l.Bytes)
	l.Files = cmp.Or(l.Files, defaultFiles)
	l.Names = cmp.Or(l.Names, defaultNames)
	l.Depth = cmp.Or(l.Depth, defaultDepth)
	return l, nil
}
