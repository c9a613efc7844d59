package exchange

import (
	"os"

	"github.com/jailrun/jail/internal/fsid"
)

// maker is who makes files and folders: as the kernel sees it, the owner himself. A
// jail's file systems were mounted in its user namespace, and take nothing from an id
// that this has none for (EOVERFLOW); nor does the maker have a right there that the
// owner lacks.
func (o ownership) maker() int {
	if o.ids == nil {
		return os.Geteuid()
	}
	return o.ids.UID
}

// as makes something as the owner: by the ids of this thread for files, setfsuid(2).
func (o ownership) as(does func() error) error {
	if o.ids == nil {
		return does()
	}
	return fsid.As(o.ids.UID, o.ids.GID, does)
}
