// Package state keeps what programs change of what they see, from run to run: the upper
// layers of their overlays, under a name.
//
//	states/<name>/state.json   what it was made upon, and what it keeps
//	states/<name>/lock         held by whom it serves
//	states/<name>/disk         root's: a file system of the state's size
//	states/<name>/tree/        an ordinary user's: folders of his own
//
// On the disk, or in the tree, each part has a folder with upper and work in it.
package state

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Schema is that of a state's record.
const Schema = "jail.state/v1"

// Record is what is written of a state: state.json.
type Record struct {
	Schema string    `json:"schema"`
	Name   string    `json:"name"`
	Image  string    `json:"image"`      // ID of the image that it was made upon, "" for the host's system
	Ref    string    `json:"image_name"` // as what that was named
	User   string    `json:"user"`       // who programs are inside: "jail" or "root"
	Bytes  int64     `json:"size_bytes"` // that it may hold
	Made   time.Time `json:"made"`
	Used   time.Time `json:"used"` // when it was last begun to be used: the file's own time
	Parts  []Part    `json:"parts"`

	Imported bool `json:"imported"` // of a backup: what is in it is younger than what it was made of
}

// PartKind is what an overlay lies over.
type PartKind string

// The kinds of Part.
const (
	KindRoot PartKind = "root" // an image, or what a jail adds to the host's view
	KindView PartKind = "view" // a folder of the host's system (--writable-root)
	KindCOW  PartKind = "cow"  // a folder of the caller's (--cow): its changes can be applied
)

// Part is one overlay whose upper layer the state keeps.
type Part struct {
	Kind   PartKind `json:"kind"`
	Target string   `json:"target"` // where it is inside; "/" for the root
	Source string   `json:"source"` // the host's folder that it lies over, "" for the image
	Dir    string   `json:"dir"`    // its folder in the state
	Dev    uint64   `json:"dev"`    // of a cow's Source, when it was first laid out; 0 where that is not known
	Ino    uint64   `json:"ino"`

	Dirs []string `json:"-"` // folders that its upper layer begins with, parents first
}

// isOf says whether the part was made of a folder with these numbers. Devices of major 0
// (btrfs, overlays, NFS, tmpfs) get another at each mount.
func (p *Part) isOf(dev, ino uint64) bool {
	return p.Ino == 0 || p.Ino == ino && (p.Dev == dev || unix.Major(p.Dev) == 0 && unix.Major(dev) == 0)
}

// LeastBytes is what a state holds at least: a file system of less has room for little
// but itself.
const LeastBytes = 16 << 20

// The files of a state.
const (
	recordFile = "state.json"
	lockFile   = "lock"
	diskFile   = "disk"
	treeDir    = "tree"
	workDir    = "work"
)

// UpperDir is the folder of a part in which its upper layer is.
const UpperDir = "upper"

// Dir is where states are in a store.
func Dir(store string) string { return filepath.Join(store, "states") }

// checkName wants a file's name that is no hidden one.
func checkName(name string) error {
	if name == "" || len(name) > 64 || strings.HasPrefix(name, ".") || strings.ContainsAny(name, "/\x00\n") {
		return &Error{Op: "name", Object: name, Err: ErrName, Hint: "write letters, digits and inner hyphens, dots and underscores, as build-1"}
	}
	return nil
}

func read(dir string) (*Record, error) {
	f, err := os.Open(filepath.Join(dir, recordFile)) // #nosec G304 -- in the store, which is the caller's and closed to others
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	r := &Record{}
	if json.Unmarshal(b, r) != nil || r.Schema != Schema || !r.Whole() {
		return nil, ErrDamaged
	}
	r.Used = st.ModTime().UTC()
	return r, nil
}

// Whole says whether a record is one that this package has written: it may have come with
// a backup. No part leads out of the state, and no two are one.
func (r *Record) Whole() bool {
	seen := map[string]bool{}
	for i, p := range r.Parts {
		if p.Dir != partDir(i) || !slices.Contains([]PartKind{KindRoot, KindView, KindCOW}, p.Kind) || !filepath.IsAbs(p.Target) || filepath.Clean(p.Target) != p.Target || seen[p.Target] {
			return false
		}
		seen[p.Target] = true
	}
	return r.User == "jail" || r.User == "root"
}

// partDir is the folder of a part.
func partDir(i int) string { return "d" + strconv.Itoa(i) }

// use notes that a state is used now. Its record's own time tells of it, so that a launch
// writes nothing that a power cut could leave half.
func (r *Record) use(dir string) error {
	r.Used = time.Now().UTC()
	return os.Chtimes(filepath.Join(dir, recordFile), time.Time{}, r.Used)
}

// write puts a record in place at once: a reader sees the old one, or the new, also one
// who comes after a power cut.
func (r *Record) write(dir string) error {
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	tmp := filepath.Join(dir, "."+recordFile)
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) // #nosec G304 -- as in read
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(dir, recordFile))
}

// Part finds the part of a target, or nil.
func (r *Record) Part(target string) *Part {
	for i := range r.Parts {
		if r.Parts[i].Target == target {
			return &r.Parts[i]
		}
	}
	return nil
}

// Get reads a state's record. The error is an *Error, with ErrNoState or ErrDamaged
// among its causes.
func Get(store, name string) (*Record, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	r, err := read(filepath.Join(Dir(store), name))
	if err != nil {
		return nil, recordError("read", name, err)
	}
	return r, nil
}

// ImageOf is the ID of the image that a state was made upon, "" where it was made upon the
// host's system, or is not there. The error is Get's.
func ImageOf(store, name string) (string, error) {
	r, err := Get(store, name)
	if errors.Is(err, ErrNoState) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return r.Image, nil
}

func recordError(op, name string, err error) error {
	e := &Error{Op: op, Object: name, Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Err, e.Hint = ErrNoState, "jail state ls lists them"
	case errors.Is(err, ErrDamaged):
		e.Hint = "jail state discard " + name + " removes it"
	}
	return e
}

// List reads the records of all states, in the order of their names. One that can't
// be read is left out, and is among the errors.
func List(store string) (list []*Record, err error) {
	entries, err := os.ReadDir(Dir(store))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue // being made, or removed
		}
		r, err := Get(store, e.Name())
		if err != nil {
			errs = append(errs, err)
			continue
		}
		list = append(list, r)
	}
	return list, errors.Join(errs...)
}

// Images lists the IDs of the images that states were made upon. An error says that
// there may be more.
func Images(store string) (ids []string, err error) {
	all, err := List(store)
	for _, r := range all {
		if r.Image != "" {
			ids = append(ids, r.Image)
		}
	}
	return ids, err
}
