// Package cpio writes archives of the "newc" form, which is what the kernel
// unpacks as its first root (Documentation/driver-api/early-userspace/
// buffer-format.rst).
package cpio

import (
	"fmt"
	"io"
	"path"
	"strings"
)

// Kind is the type of an entry, as the upper bits of a mode (inode(7)).
type Kind uint32

// The kinds of entries.
const (
	Dir     Kind = 0o040000
	Char    Kind = 0o020000
	File    Kind = 0o100000
	Symlink Kind = 0o120000
)

// Entry is one file of an archive.
type Entry struct {
	Path         string // without a leading slash
	Kind         Kind
	Perm         uint32 // permission bits
	Data         []byte // contents, or a link's target
	Major, Minor uint32 // of a device
}

// Writer writes entries, with the folders above each of them, to an archive.
// The first error stays and is returned by Close.
type Writer struct {
	w    io.Writer
	err  error
	ino  uint32
	n    int64
	dirs map[string]bool
}

// NewWriter begins an archive on w.
func NewWriter(w io.Writer) *Writer {
	return &Writer{w: w, dirs: map[string]bool{".": true, "": true, "/": true}}
}

// Add writes one entry. Folders above it that are not there yet get mode 0755.
func (w *Writer) Add(e Entry) {
	e.Path = strings.Trim(path.Clean(e.Path), "/")
	w.parents(path.Dir(e.Path))
	if e.Kind == Dir {
		w.dirs[e.Path] = true
	}
	w.record(e)
}

// Close writes the trailer and returns the first error of the archive.
func (w *Writer) Close() error {
	w.record(Entry{Path: "TRAILER!!!"})
	return w.err
}

func (w *Writer) parents(dir string) {
	if w.dirs[dir] {
		return
	}
	w.dirs[dir] = true
	w.parents(path.Dir(dir))
	w.record(Entry{Path: dir, Kind: Dir, Perm: 0o755})
}

func (w *Writer) record(e Entry) {
	w.ino++
	links := 1
	if e.Kind == Dir {
		links = 2
	}
	// Fields: magic, ino, mode, uid, gid, nlink, mtime, size, device,
	// device of a node, length of the name with its NUL, no checksum.
	w.write(fmt.Appendf(nil, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00",
		w.ino, uint32(e.Kind)|e.Perm, 0, 0, links, 0, len(e.Data), 0, 0, e.Major, e.Minor, len(e.Path)+1, 0, e.Path))
	w.pad()
	w.write(e.Data)
	w.pad()
}

func (w *Writer) write(b []byte) {
	if w.err != nil {
		return
	}
	n, err := w.w.Write(b)
	w.n += int64(n)
	w.err = err
}

// pad goes on to the next multiple of four, as names and contents must.
func (w *Writer) pad() {
	w.write(make([]byte, (4-w.n%4)%4))
}
