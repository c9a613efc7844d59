package exchange

import (
	"io"

	"github.com/jailrun/jail/internal/safepath"
)

// A Source gives what is copied in.
type Source interface{ source() }

// SourceOptions says how a path of the host's is read.
type SourceOptions struct {
	// FollowLinks: a link in a folder that is copied is followed, to files and
	// folders. Otherwise it is skipped.
	FollowLinks bool

	// Follow is asked of each link on the way, as in HostOptions.
	Follow safepath.Follow
}

// FromPath is a file of the host, a folder with all that is in it, or all that a
// pattern matches (see Literal). The path itself may lead through links that the
// caller or root made.
func FromPath(path string, o SourceOptions) Source { return nil }

// FromReader is one file that is read until it ends.
func FromReader(r io.Reader) Source { return nil }

// FromBytes is one file of these bytes.
func FromBytes(b []byte) Source { return nil }
