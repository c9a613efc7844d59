package store

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/jailrun/jail/internal/filelock"
	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/rootfs"
	"github.com/jailrun/jail/rootfs/digest"
	"golang.org/x/sys/unix"
)

// Image is an image that is in use: as long as it is not closed, nothing of it is
// removed. The kernel closes it with its process.
type Image struct {
	Name   string // as it was found: a name with its tag, or "" by ID
	ID     digest.Digest
	Layers []Layer // the lowest first
	Config Config

	accounts *rootfs.Accounts // as they were recorded, or nil
	lock     *os.File
}

// Layer is one folder of an image.
type Layer struct {
	DiffID  digest.Digest
	Dir     string // the absolute path of its tree
	Bytes   int64  // what its files hold
	Entries int64  // files, folders and so on
}

// Stack is the image's layers as an overlay has them: the topmost first. A nil image has
// none.
func (i *Image) Stack() rootfs.Stack {
	if i == nil {
		return nil
	}
	s := make(rootfs.Stack, len(i.Layers))
	for n := range i.Layers {
		s[len(s)-1-n] = i.Layers[n].Dir
	}
	return s
}

// Close ends the use.
func (i *Image) Close() error { return i.lock.Close() }

// Use finds an image and holds it. A ref is NAME, NAME:TAG, an image ID, or the
// first 12 digits of one or more, with sha256: before them or not. The error is an
// *Error, with ErrNoImage, ErrAmbiguous, ErrName or ErrDamaged among its causes.
func (s *Store) Use(ref string) (*Image, error) {
	name, id, err := s.Resolve(ref)
	if err != nil {
		return nil, err
	}
	img, err := s.hold(id)
	if err != nil {
		if isGone(err) {
			return nil, s.noImage(ref)
		}
		return nil, s.fail("use", ref, err)
	}
	img.Name = name
	if err := s.assure(img); err != nil {
		img.Close()
		return nil, s.fail("use", ref, err)
	}
	return img, nil
}

// Hold is Use by an ID, also of an image whose data may have been lost.
func (s *Store) Hold(id digest.Digest) (*Image, error) {
	img, err := s.hold(id)
	return img, s.fail("use", id.String(), err)
}

// hold opens an image's record with a lock that keeps it.
func (s *Store) hold(id digest.Digest) (*Image, error) {
	if s.dir == nil {
		return nil, unix.ENOENT
	}
	path := imagesDir + "/" + id.Hex() + "/" + imageFile
	f, err := safepath.Beneath(s.fd(), path, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	err = filelock.Lock(context.Background(), f, unix.LOCK_SH, filelock.Patience)
	if err == nil {
		err = s.stillAt(path, f)
	}
	var b []byte
	if err == nil {
		b, err = readSmall(f, mostRecord)
	}
	var r *Record
	if err == nil {
		r, err = decode(b, id)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return s.image(r, f), nil
}

// stillAt says whether what was opened is what its path leads to: it may have been
// removed between the opening and the lock.
func (s *Store) stillAt(path string, f *os.File) error {
	var at, have unix.Stat_t
	if err := unix.Fstatat(s.fd(), path, &at, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	if err := unix.Fstat(int(f.Fd()), &have); err != nil {
		return err
	}
	if at.Ino != have.Ino || at.Dev != have.Dev {
		return unix.ENOENT
	}
	return nil
}

func (s *Store) image(r *Record, lock *os.File) *Image {
	i := &Image{ID: r.ID, Config: r.Config, accounts: r.Accounts, lock: lock, Layers: make([]Layer, len(r.Layers))}
	base := s.within(layersDir)
	for n, l := range r.Layers {
		i.Layers[n] = Layer{DiffID: l.DiffID, Dir: base + "/" + l.DiffID.Hex() + "/" + treeDir, Bytes: l.Bytes, Entries: l.Entries}
	}
	return i
}

// LeastDigits is how much of an ID can stand for it.
const LeastDigits = 12

// Resolve finds what a ref of Use stands for: its name, "" where it is an ID, and the
// ID. A name goes before digits that could be one.
func (s *Store) Resolve(ref string) (name string, id digest.Digest, err error) {
	n, nameErr := ParseName(ref)
	if nameErr == nil {
		id, err := s.readName(n)
		if !isGone(err) {
			return n.String(), id, s.fail("use", ref, err)
		}
	}
	start, marked := strings.CutPrefix(ref, "sha256:")
	switch {
	case len(start) >= LeastDigits && digest.IsHex(start):
		id, err = s.byDigits(start)
		return "", id, s.fail("find", ref, err)
	case marked:
		return "", id, &Error{Op: "find", Object: ref, Err: ErrNoImage, Hint: "write 12 digits of its ID or more"}
	case nameErr != nil:
		return "", id, nameErr
	}
	return "", id, s.noImage(ref)
}

func (s *Store) noImage(ref string) error {
	hint := "jail image ls lists them, jail image import makes one"
	if tags := s.tagsOf(ref); len(tags) > 0 {
		hint = "there is " + strings.Join(tags, ", ") + "; jail image ls lists all"
	}
	return &Error{Op: "find", Object: ref, Err: ErrNoImage, Hint: hint}
}

// tagsOf are some names that differ in their tag alone.
func (s *Store) tagsOf(ref string) (names []string) {
	const most = 5
	want, err := ParseName(ref)
	if err != nil {
		return nil
	}
	files, _ := s.entries(namesDir) // else there is none to tell of
	slices.Sort(files)
	for _, f := range files {
		if n, ok := nameOf(f); ok && n.Repository == want.Repository && len(names) < most {
			names = append(names, n.String())
		}
	}
	return names
}

// byDigits finds the one image whose ID begins so.
func (s *Store) byDigits(start string) (digest.Digest, error) {
	if id, err := digest.FromHex(start); err == nil {
		return id, nil // whether it is there, its opening says
	}
	all, err := s.entries(imagesDir)
	if err != nil {
		return digest.Digest{}, err
	}
	all = slices.DeleteFunc(all, func(name string) bool { return !strings.HasPrefix(name, start) })
	switch len(all) {
	case 0:
		return digest.Digest{}, s.noImage(start)
	case 1:
		return digest.FromHex(all[0])
	}
	return digest.Digest{}, ErrAmbiguous
}

// entries lists the names in a folder of the store's; an absent one has none.
func (s *Store) entries(folder string) ([]string, error) {
	f, err := s.folder(folder)
	if isGone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}
