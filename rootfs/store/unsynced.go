package store

import (
	"errors"
	"os"
	"strings"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/rootfs/digest"
	"golang.org/x/sys/unix"
)

// What is imported is not waited for until it is on the disk: that takes longer than
// the import. An image and its layers have a file "unsynced" instead, with the ID of
// the host's boot, until a sync has come after them. Where the host went down before
// that, the image is verified when it is next used. The file may then have lost what
// stood in it, and says by being there that it is of another boot. So does the mark of
// what was found damaged.

// bootID tells boots of the host apart: random(4).
func bootID() (string, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(b)), err
}

// lostPower says whether something was not yet on the disk when the host went down.
func (s *Store) lostPower(folder string) (bool, error) {
	const most = 64
	var st unix.Stat_t
	path := folder + "/" + unsyncedFile
	if err := unix.Fstatat(s.fd(), path, &st, unix.AT_SYMLINK_NOFOLLOW); isGone(err) {
		return false, nil // most often
	} else if err != nil {
		return false, err
	}
	then, err := s.readFile(path, most)
	switch {
	case isGone(err): // synced meanwhile
		return false, nil
	case err != nil:
		return true, nil
	}
	now, err := bootID()
	return string(then) != now, err
}

// assure has an image verified where that is needed.
func (s *Store) assure(i *Image) error {
	lost, err := s.lostPower(imagesDir + "/" + i.ID.Hex())
	if err != nil || !lost {
		return err
	}
	if s.verify == nil {
		return &Error{Op: "use", Object: i.ID.String(), Err: ErrUnsure, Hint: "jail image verify " + i.ID.Hex()[:LeastDigits] + " looks whether it is whole"}
	}
	if err := s.verify(i); err != nil {
		return err
	}
	return s.Verified(i)
}

// Sync waits until all that stands in the store is on the disk, and notes that. Of
// what was lost before, it says nothing: Verified does.
func (s *Store) Sync() error {
	if s.dir == nil {
		return nil
	}
	marks, err := s.marks()
	if err != nil || len(marks) == 0 {
		return s.fail("sync", s.path, err)
	}
	f, err := s.folder(".")
	if err != nil {
		return s.fail("sync", s.path, err)
	}
	defer f.Close()
	if err := unix.Syncfs(int(f.Fd())); err != nil {
		return s.fail("sync", s.path, err)
	}
	for _, m := range marks { // those that were there before the sync
		if err := unix.Unlinkat(s.fd(), m, 0); err != nil && !isGone(err) {
			return s.fail("sync", m, err)
		}
	}
	return nil
}

// marks are the files "unsynced" of this boot.
func (s *Store) marks() (list []string, err error) {
	for _, dir := range [...]string{imagesDir, layersDir} {
		names, err := s.entries(dir)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			m := dir + "/" + name + "/" + unsyncedFile
			if !s.has(m) {
				continue
			}
			if lost, err := s.lostPower(dir + "/" + name); err == nil && !lost {
				list = append(list, m)
			}
		}
	}
	return list, nil
}

// Verified notes of an image and its layers that they were found whole after all.
func (s *Store) Verified(i *Image) error {
	for _, l := range i.Layers {
		if err := s.unmark(layersDir, l.DiffID); err != nil {
			return err
		}
	}
	return s.unmark(imagesDir, i.ID)
}

// Doubt notes of an image, and of such layers of it, that they were found damaged: an
// image is verified then when it is next used, and an import makes the layers anew.
func (s *Store) Doubt(id digest.Digest, layers []digest.Digest) error {
	for _, l := range layers {
		if err := s.mark(layersDir, l); err != nil {
			return err
		}
	}
	return s.mark(imagesDir, id)
}

// mark leaves a mark of no boot.
func (s *Store) mark(dir string, id digest.Digest) error {
	f, err := safepath.Beneath(s.fd(), dir+"/"+id.Hex()+"/"+unsyncedFile, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC)
	if isGone(err) {
		return nil // with all of it
	}
	if err == nil {
		_, err = f.WriteString("damaged")
		err = errors.Join(err, f.Close())
	}
	return s.fail("mark as damaged", id.String(), err)
}

func (s *Store) unmark(dir string, id digest.Digest) error {
	err := unix.Unlinkat(s.fd(), dir+"/"+id.Hex()+"/"+unsyncedFile, 0)
	if isGone(err) {
		return nil
	}
	return s.fail("mark as whole", id.String(), err)
}
