package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"strconv"

	"github.com/jailrun/jail/internal/filelock"
	"github.com/jailrun/jail/internal/removal"
	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/rootfs/digest"
	"golang.org/x/sys/unix"
)

// Making is a folder of the store in which something is made, and from which it is
// published whole. It is its maker's as long as that lives: who is killed leaves it to
// GC. It is for one goroutine at a time.
type Making struct {
	store *Store
	path  string   // in the store
	dir   *os.File // with a lock
}

// usesDir of a Making names the layers that its image will have: GC leaves them.
const usesDir = "uses"

// Make begins something. Close it.
func (s *Store) Make() (*Making, error) {
	if s.dir == nil {
		return nil, s.fail("make", s.path, ErrNoStore)
	}
	for {
		m, err := s.tryMake()
		if err == nil || !isGone(err) {
			return m, s.fail("make", tmpDir, err)
		}
	}
}

// tryMake fails with ENOENT where GC has found the folder before its lock was taken.
func (s *Store) tryMake() (*Making, error) {
	path := tmpDir + "/" + strconv.Itoa(os.Getpid()) + "-" + random()
	if err := unix.Mkdirat(s.fd(), path, 0o700); err != nil {
		return nil, err
	}
	dir, err := s.folder(path)
	if err != nil {
		return nil, err
	}
	m := &Making{s, path, dir}
	if err = unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB); err == unix.EWOULDBLOCK {
		err = unix.ENOENT // it is being removed
	}
	if err == nil {
		err = s.stillAt(path, dir)
	}
	if err == nil {
		err = unix.Mkdirat(int(dir.Fd()), usesDir, 0o700)
	}
	if err != nil {
		dir.Close()
		return nil, err
	}
	return m, nil
}

// Dir is the folder itself, whose lock says that its maker lives: a process that works
// in it for the maker keeps it open.
func (m *Making) Dir() *os.File { return m.dir }

// Close removes what was not published.
func (m *Making) Close() error {
	err := removal.At(m.store.fd(), m.path)
	if e := m.dir.Close(); err == nil {
		err = e
	}
	return m.store.fail("remove", m.path, err)
}

// Folder makes an empty folder in it, and opens it for reading.
func (m *Making) Folder(name string) (*os.File, error) {
	err := unix.Mkdirat(int(m.dir.Fd()), name, 0o700)
	if err == nil {
		var f *os.File
		if f, err = safepath.Beneath(int(m.dir.Fd()), name, unix.O_RDONLY|unix.O_DIRECTORY); err == nil {
			return f, nil
		}
	}
	return nil, m.store.fail("make", m.path+"/"+name, err)
}

// Discard removes something in it.
func (m *Making) Discard(name string) error {
	return m.store.fail("remove", m.path+"/"+name, removal.At(int(m.dir.Fd()), name))
}

// Need says that the image will have a layer, and whether the store has it already: it
// is kept then, until the Making is closed. A layer that was lost with the host's power,
// or is damaged, is not had, and makes room for another, unless a jail uses it: ErrInUse.
func (m *Making) Need(ctx context.Context, id digest.Digest) (*LayerRecord, error) {
	unlock, err := m.store.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := unix.Mkdirat(int(m.dir.Fd()), usesDir+"/"+id.Hex(), 0o700); err != nil && err != unix.EEXIST {
		return nil, m.store.fail("note", id.String(), err)
	}
	have, err := m.store.readLayer(id)
	if isGone(err) {
		return nil, nil
	}
	if err == nil {
		var lost bool
		if lost, err = m.store.lostPower(layersDir + "/" + id.Hex()); err == nil && !lost {
			return have, nil
		}
	}
	if err != nil && !errors.Is(err, ErrDamaged) {
		return nil, m.store.fail("read", id.String(), err)
	}
	return nil, m.store.fail("replace", id.String(), m.replace(id))
}

// replace takes a damaged layer away, if nobody uses it.
func (m *Making) replace(id digest.Digest) error {
	all, err := m.store.ids(imagesDir)
	if err != nil {
		return err
	}
	for _, i := range all {
		r, err := m.store.Record(i)
		if err != nil || !slices.ContainsFunc(r.Layers, func(l LayerRecord) bool { return l.DiffID == id }) {
			continue
		}
		f, err := m.store.holdAlone(imagesDir + "/" + i.Hex() + "/" + imageFile)
		if err == unix.EWOULDBLOCK {
			return ErrInUse
		}
		if err != nil {
			return err
		}
		f.Close()
	}
	return m.takeAway(layersDir + "/" + id.Hex())
}

// takeAway moves what is damaged out of the store, to be removed with the Making.
func (m *Making) takeAway(path string) error {
	return unix.Renameat(m.store.fd(), path, int(m.dir.Fd()), "old-"+random())
}

// random is what makes a name new.
func random() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // it never fails: crypto/rand
	return hex.EncodeToString(b[:])
}

// lock is held while the store's names change, and by GC while it looks what is used.
func (s *Store) lock(ctx context.Context) (unlock func(), err error) {
	if s.dir == nil {
		return nil, s.fail("lock", s.path, ErrNoStore)
	}
	f, err := safepath.Beneath(s.fd(), lockFile, unix.O_RDWR|unix.O_CREAT)
	if err != nil {
		return nil, s.fail("lock", s.path, err)
	}
	if err := filelock.Lock(ctx, f, unix.LOCK_EX, filelock.Patience); err != nil {
		f.Close()
		return nil, s.fail("lock", s.path, err)
	}
	return func() { f.Close() }, nil
}
