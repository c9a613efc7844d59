package exchange

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// An entry is a name in a folder, and what it was when the folder was read.
type entry struct {
	name string
	kind uint32 // S_IFREG and the like; 0: not known
}

// list reads the names of a folder, sorted, as far as the limit of names goes:
// a program may add names as fast as they are read. A name that is moved meanwhile
// may be read twice, and is given once: readdir(3). errCut comes with those that were
// read.
func (t *tally) list(ctx context.Context, dir *os.File, path string) ([]entry, error) {
	var found []entry
	var buf [32 << 10]byte
	for {
		if err := ctx.Err(); err != nil {
			return nil, fail(listing, path, err)
		}
		n, err := unix.Getdents(int(dir.Fd()), buf[:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, fail(listing, path, err)
		}
		found = appendEntries(found, buf[:n])
		if len(found) > t.left.Names {
			err = t.over(listing, path, ErrTooMany, "raise the limit of names, or name a folder with fewer")
			found = found[:t.left.Names]
		}
		if err != nil || n <= 0 {
			t.left.Names -= len(found)
			slices.SortFunc(found, func(a, b entry) int { return strings.Compare(a.name, b.name) })
			return slices.CompactFunc(found, func(a, b entry) bool { return a.name == b.name }), err
		}
	}
}

// appendEntries takes records of getdents64(2): inode, offset, length of the
// record, type, and the name with a zero behind it.
func appendEntries(found []entry, records []byte) []entry {
	const head = 19
	for len(records) > head {
		length := int(binary.NativeEndian.Uint16(records[16:]))
		if length <= head || length > len(records) {
			break
		}
		name, _, _ := bytes.Cut(records[head:length], []byte{0})
		if s := string(name); s != "." && s != ".." {
			found = append(found, entry{name: s, kind: uint32(records[18]) << 12}) // as DTTOIF does
		}
		records = records[length:]
	}
	return found
}
