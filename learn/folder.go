package learn

import (
	"io/fs"
	"path/filepath"
)

// mostEntries bounds the look into a folder.
const mostEntries = 50_000

// OnlyFiles says whether a folder holds files, folders and links alone: a socket or
// a FIFO in it would lead to whoever listens there on the host, read-only or not. A
// folder that is too large to be looked through is none.
func OnlyFiles(dir string) bool {
	seen := 0
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // what can't be entered can't be used
		}
		if seen++; seen > mostEntries || d.Type()&^(fs.ModeDir|fs.ModeSymlink) != 0 {
			return fs.ErrInvalid
		}
		return nil
	})
	return err == nil
}
