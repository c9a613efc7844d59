package exchange

import (
	"io"

	"github.com/jailrun/jail/internal/safepath"
)

// A Sink takes what is copied out.
type Sink interface{ sink() }

// HostOptions says how a path of the host's is walked and written.
type HostOptions struct {
	// Replace: a file under the final name is replaced by a rename.
	Replace bool

	// Follow is asked of each link on the way, if it is not nil. A link that
	// anybody but the caller and root can have made is refused without asking.
	Follow safepath.Follow
}

// ToFolder is a folder of the host, which must exist. Each file is written under
// a temporary name in its folder and renamed when it is whole.
func ToFolder(path string, o HostOptions) Sink { return nil }

// ToPath is one file or folder of the host under this very name, in a folder
// that exists. A pattern can't be copied to it.
func ToPath(path string, o HostOptions) Sink { return nil }

// ToWriter takes the content of one file.
func ToWriter(w io.Writer) Sink { return nil }

// ToTar writes a tar archive, owned by nobody in particular and without times. A
// file that becomes shorter while it is read is filled with zeros, and Truncated.
func ToTar(w io.Writer) Sink { return nil }
