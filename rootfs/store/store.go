// Package store keeps images: folders of layers, each unpacked once and shared, and
// records that put them together under names. It is on the way of each launch, so it
// reads few small files and links neither a decompressor nor a reader of archives:
// package rootfs/image fills it.
//
//	layers/<digits of the diffID>/{tree/,skeleton,layer.json}
//	images/<digits of the image ID>/{image.json,config.json}
//	names/<name>   holds an image ID
//	states/        kept by others
//	tmp/<owner>/   being made; its maker holds a lock of it
//	lock           held while things are published or swept
//
// What stands in layers, images and names is whole: it was made in tmp and renamed.
package store

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// Variable names the store's folder in the environment.
const Variable = "JAIL_STORE"

// The folders of a store.
const (
	layersDir = "layers"
	imagesDir = "images"
	namesDir  = "names"
	tmpDir    = "tmp"
	lockFile  = "lock"
)

// Options say which store is opened, and how.
type Options struct {
	// Dir is the store's folder, an absolute path; "" is what DefaultDir gives.
	Dir string
	// Create makes the folder where it is missing. Without it an absent store has no
	// images, and nothing can be put into it.
	Create bool
	// Verify is asked about an image whose data may have been lost when the host lost
	// its power (package rootfs/image has one). Without it Use refuses such an image.
	Verify func(*Image) error
}

// Store is an opened store. It may be used by many goroutines and processes at once.
type Store struct {
	path   string
	dir    *os.File // nil: there is none
	verify func(*Image) error
}

// DefaultDir is $JAIL_STORE; else /var/lib/jail for root, and for others
// $XDG_DATA_HOME/jail, which is ~/.local/share/jail by default.
func DefaultDir() (string, error) {
	if dir := os.Getenv(Variable); dir != "" {
		return dir, nil
	}
	if os.Geteuid() == 0 {
		return "/var/lib/jail", nil
	}
	if data := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(data) { // others are to be ignored: XDG Base Directory Specification
		return filepath.Join(data, "jail"), nil
	}
	home := os.Getenv("HOME")
	if home == "" {
		return "", &Error{Op: "find", Object: "the store", Err: ErrNoHome, Hint: "set " + Variable + " to a folder of your own"}
	}
	return filepath.Join(home, ".local/share/jail"), nil
}

// Open opens a store. Its folder must be the caller's and closed to others. Close it.
func Open(o Options) (*Store, error) {
	s := &Store{path: o.Dir, verify: o.Verify}
	if s.path == "" {
		dir, err := DefaultDir()
		if err != nil {
			return nil, err
		}
		s.path = dir
	}
	if !filepath.IsAbs(s.path) {
		return nil, &Error{Op: "open", Object: s.path, Err: ErrRelative, Hint: "write the whole path"}
	}
	err := s.open()
	if errors.Is(err, unix.ENOENT) && o.Create {
		err = s.create()
	}
	if errors.Is(err, unix.ENOENT) && !o.Create {
		return s, nil
	}
	if err != nil {
		return nil, s.fail("open", s.path, err)
	}
	if o.Create {
		if err := s.furnish(); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// Path is the store's folder.
func (s *Store) Path() string { return s.path }

// Close gives the store's descriptor back; images that are used stay.
func (s *Store) Close() error {
	if s.dir == nil {
		return nil
	}
	return s.dir.Close()
}

// open takes no folder that others could have filled.
func (s *Store) open() error {
	dir, err := safepath.Find(s.path, nil)
	if err != nil {
		return err
	}
	var st unix.Stat_t
	if err = unix.Fstat(int(dir.Fd()), &st); err == nil {
		err = closed(&st)
	}
	if err != nil {
		dir.Close()
		return err
	}
	s.dir = dir
	return nil
}

func closed(st *unix.Stat_t) error {
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFDIR:
		return ErrNotFolder
	case st.Uid != uint32(unix.Geteuid()):
		return ErrForeign
	case st.Mode&0o077 != 0:
		return ErrOpen
	}
	return nil
}

// create makes the store's folder. Those above it get the mode that the XDG Base
// Directory Specification asks for.
func (s *Store) create() error {
	above := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		above = 0o755
	}
	if err := os.MkdirAll(filepath.Dir(s.path), above); err != nil {
		return err
	}
	if err := os.Mkdir(s.path, 0o700); err != nil && !errors.Is(err, unix.EEXIST) {
		return err
	}
	return s.open()
}

// furnish makes what is missing in the store's folder.
func (s *Store) furnish() error {
	for _, name := range [...]string{layersDir, imagesDir, namesDir, tmpDir} {
		if err := unix.Mkdirat(s.fd(), name, 0o700); err != nil && err != unix.EEXIST {
			return s.fail("make", name, err)
		}
	}
	return nil
}

func (s *Store) fd() int { return int(s.dir.Fd()) }

// folder opens a folder of the store's for reading.
func (s *Store) folder(name string) (*os.File, error) {
	if s.dir == nil {
		return nil, unix.ENOENT
	}
	return safepath.Beneath(s.fd(), name, unix.O_RDONLY|unix.O_DIRECTORY)
}

// within is the path of something in the store.
func (s *Store) within(parts ...string) string {
	return filepath.Join(append([]string{s.path}, parts...)...)
}
