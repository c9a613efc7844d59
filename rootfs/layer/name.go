package layer

import (
	"archive/tar"
	"strings"

	"github.com/jailrun/jail/internal/safepath"
)

// Whiteouts as the image specification has them ("Layer Filesystem Changeset").
const (
	whiteoutPrefix = ".wh."
	opaqueName     = ".wh..wh..opq"
)

// item is an entry of an archive, as it is to be made.
type item struct {
	*tar.Header
	path string // normal: no "", ".", "..", or slash at either end; "" is the root
}

// read looks at an entry's header, and makes its path normal.
func (l *Limits) read(h *tar.Header) (item, error) {
	if h.Typeflag == tar.TypeXGlobalHeader { // its name is that of the entries after it
		return item{Header: h}, checkAttributes(item{Header: h})
	}
	path, err := l.normal(h.Name)
	if err != nil {
		return item{}, err
	}
	e := item{h, path}
	for _, check := range [...]func(item) error{checkType, checkWhiteout, checkOwner, checkTimes, checkAttributes} {
		if err := check(e); err != nil {
			return item{}, err
		}
	}
	return e, nil
}

// normal refuses a path instead of mending it: what another tool would make of it,
// nobody knows.
func (l *Limits) normal(name string) (string, error) {
	switch {
	case name == "":
		return "", ErrName
	case strings.HasPrefix(name, "/"):
		return "", ErrAbsolute
	}
	var parts []string
	for part := range strings.SplitSeq(name, "/") {
		switch {
		case part == "" || part == ".":
			continue
		case part == "..":
			return "", ErrClimbs
		case len(part) > mostName || strings.Contains(part, "\x00"):
			return "", ErrName
		case len(parts) == l.Depth:
			return "", ErrTooDeep
		}
		parts = append(parts, part)
	}
	path := strings.Join(parts, "/")
	if len(path) > mostPath {
		return "", ErrName
	}
	return path, nil
}

func checkType(e item) error {
	switch e.Typeflag {
	case tar.TypeDir:
		return nil
	case tar.TypeReg, tar.TypeGNUSparse, tar.TypeLink, tar.TypeSymlink:
		if e.path == "" || strings.HasSuffix(e.Name, "/") || strings.HasSuffix(e.Name, "/.") {
			return ErrName // only a folder has such a name
		}
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
	default:
		return ErrType
	}
	if e.Size < 0 {
		return ErrSize
	}
	return checkTarget(e)
}

// checkTarget bounds a symbolic link's target, which is data: nobody follows it here.
func checkTarget(e item) error {
	if e.Typeflag != tar.TypeSymlink {
		return nil
	}
	if e.Linkname == "" || len(e.Linkname) > mostTarget || strings.Contains(e.Linkname, "\x00") {
		return ErrTarget
	}
	return nil
}

// checkWhiteout takes an empty file for a whiteout, and for nothing else what is
// called like one: another tool might.
func checkWhiteout(e item) error {
	if strings.HasPrefix(e.path, whiteoutPrefix) || strings.Contains(e.path, "/"+whiteoutPrefix) {
		parent, name := safepath.CutLast(e.path)
		hidden, is := strings.CutPrefix(name, whiteoutPrefix)
		inOne := strings.HasPrefix(parent, whiteoutPrefix) || strings.Contains(parent, "/"+whiteoutPrefix)
		switch {
		case !is || inOne, e.Typeflag != tar.TypeReg || e.Size != 0:
			return ErrWhiteout
		case name == opaqueName:
			if parent == "" {
				return ErrWhiteout // the root of a layer can't hide that of another: overlayfs has it so
			}
		case hidden == "" || hidden == "." || hidden == ".." || strings.HasPrefix(hidden, whiteoutPrefix):
			return ErrWhiteout
		}
	}
	return nil
}

// isWhiteout says whether an entry that was read hides something below it.
func (e item) isWhiteout() bool {
	_, name := safepath.CutLast(e.path)
	return strings.HasPrefix(name, whiteoutPrefix)
}

// mostID is the largest that a file can belong to: (uid_t)-1 is none.
const mostID = 1<<32 - 2

func checkOwner(e item) error {
	if e.Uid < 0 || e.Gid < 0 || e.Uid > mostID || e.Gid > mostID {
		return ErrOwner
	}
	return nil
}

// The times that ext4 can hold, in seconds of 34 bits: others would be changed silently.
const (
	firstTime = -1 << 31
	lastTime  = 1<<34 - 1<<31 - 1
)

func checkTimes(e item) error {
	if t := e.ModTime.Unix(); t < firstTime || t > lastTime {
		return ErrTime
	}
	return nil
}

// xattrRecord is how PAX records name an attribute: star(1).
const xattrRecord = "SCHILY.xattr."

// Only these attributes are set: those of other spaces are the kernel's.
const (
	userSpace    = "user."
	overlaySpace = "user.overlay."
	opaqueXattr  = "user.overlay.opaque"
)

// checkAttributes keeps out what would redirect an overlay, or make a file of it
// another's: overlayfs.rst, "User xattr".
func checkAttributes(e item) error {
	for k := range e.PAXRecords {
		if e.Typeflag == tar.TypeXGlobalHeader && k != "comment" {
			return ErrGlobal
		}
		if name, is := strings.CutPrefix(k, xattrRecord); is && strings.HasPrefix(name, overlaySpace) {
			return ErrAttribute
		}
	}
	return nil
}

// isSparse says whether an entry's bytes in the archive are not those of its file.
func (e item) isSparse() bool {
	if e.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for k := range e.PAXRecords {
		if strings.HasPrefix(k, "GNU.sparse.") {
			return true
		}
	}
	return false
}
