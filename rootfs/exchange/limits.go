package exchange

import "github.com/jailrun/jail/internal/size"

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
)
