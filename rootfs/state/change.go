package state

import (
	"math"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// Kind is what became of a path.
type Kind string

// The kinds of Change.
const (
	Added   Kind = "added"
	Changed Kind = "changed"
	Deleted Kind = "deleted"
)

// Aspect is what of a path was changed.
type Aspect string

// The aspects that are told where nothing else is changed.
const (
	ModeOnly  Aspect = "mode"
	OwnerOnly Aspect = "owner" // a program that is root inside has given it away
)

// Change is one path that differs from what the state lies over. A folder that is
// deleted stands for all that is in it.
type Change struct {
	Kind    Kind   `json:"kind"`
	Path    string `json:"path"`               // as the program sees it
	PathHex string `json:"path_hex,omitempty"` // the bytes of a Path that is no UTF-8
	Type    string `json:"type"`               // "file", "folder", "link" or "special", of what is there now, or was there
	Only    Aspect `json:"only,omitempty"`     // all that was changed; "": the thing itself
	Bytes   int64  `json:"size_bytes"`         // of a file that is there now; of one that is gone, what it had
	Folder  string `json:"host_folder,omitempty"`
}

// Sum is what all changes come to.
type Sum struct {
	Added   int64 `json:"added"`
	Changed int64 `json:"changed"`
	Deleted int64 `json:"deleted"`
	Bytes   int64 `json:"size_bytes"` // of files that were added or changed
}

// Count adds a change.
func (s *Sum) Count(c *Change) {
	switch c.Kind {
	case Added:
		s.Added++
	case Changed:
		s.Changed++
	case Deleted:
		s.Deleted++
		return
	}
	s.Bytes += min(c.Bytes, math.MaxInt64-s.Bytes) // a file with holes may have any size
}

// Selected says whether a path is one of those that are named, or in one of them; none
// named are all.
func Selected(p string, named []string) bool {
	for _, n := range named {
		if n = path.Clean(n); p == n || within(p, n) {
			return true
		}
	}
	return len(named) == 0
}

// leadsTo says whether one of the paths that are named is in a folder.
func leadsTo(folder string, named []string) bool {
	for _, n := range named {
		if within(path.Clean(n), folder) {
			return true
		}
	}
	return false
}

func within(p, folder string) bool { return strings.HasPrefix(p, strings.TrimSuffix(folder, "/")+"/") }

// typeOf names a kind of file by its st_mode.
func typeOf(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return "file"
	case unix.S_IFDIR:
		return "folder"
	case unix.S_IFLNK:
		return "link"
	}
	return "special"
}

func isKind(st *unix.Stat_t, kind uint32) bool { return st.Mode&unix.S_IFMT == kind }
