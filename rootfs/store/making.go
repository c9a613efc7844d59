package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"strings"

	"github.com/jailrun/jail/internal/filelock"
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
	var random [6]byte
	_, _ = rand.Read(random[:]) // it never fails: crypto/rand
	path := tmpDir + "/" + strconv.Itoa(os.Getpid()) + "-" + hex.EncodeToString(random[:])
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
	err := removeAll(m.store.fd(), m.path)
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
	return m.store.fail("remove", m.path+"/"+name, removeAll(int(m.dir.Fd()), name))
}

// Need says that the image will have a layer, and whether the store has it already: it
// is kept then, until the Making is closed. A layer that was lost with the host's power
// is not had, and makes room for another.
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
	return nil, m.store.fail("replace", id.String(), m.takeAway(layersDir+"/"+id.Hex()))
}

// takeAway moves what is damaged out of the store, to be removed with the Making.
func (m *Making) takeAway(path string) error {
	var random [6]byte
	_, _ = rand.Read(random[:])
	return unix.Renameat(m.store.fd(), path, int(m.dir.Fd()), "old-"+hex.EncodeToString(random[:]))
}

// PublishLayer gives a folder of the Making its place as a layer. Where another was
// quicker it is discarded, and added is false.
func (m *Making) PublishLayer(name string, r *LayerRecord) (added bool, err error) {
	if err := m.isLayer(name); err != nil {
		return false, m.store.fail("publish", r.DiffID.String(), err)
	}
	if err := m.describe(name, layerFile, r); err != nil {
		return false, err
	}
	err = unix.Renameat2(int(m.dir.Fd()), name, m.store.fd(), layersDir+"/"+r.DiffID.Hex(), unix.RENAME_NOREPLACE)
	if err == unix.EEXIST || err == unix.ENOTEMPTY {
		return false, m.Discard(name)
	}
	return err == nil, m.store.fail("publish", r.DiffID.String(), err)
}

// isLayer looks what another process has made: that the tree is no link, above all,
// which a mount would follow.
func (m *Making) isLayer(name string) error {
	var st unix.Stat_t
	if err := unix.Fstatat(int(m.dir.Fd()), name+"/"+treeDir, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return ErrNotFolder
	}
	return nil
}

// describe writes a record, and that the disk may not have what is beside it yet.
func (m *Making) describe(folder, file string, record any) error {
	b, err := json.Marshal(record)
	if err == nil {
		err = m.write(folder+"/"+file, append(b, '\n'))
	}
	if err != nil {
		return err
	}
	boot, err := bootID()
	if err != nil {
		return m.store.fail("read", "the ID of the host's boot", err)
	}
	return m.write(folder+"/"+unsyncedFile, []byte(boot))
}

func (m *Making) write(path string, b []byte) error {
	f, err := safepath.Beneath(int(m.dir.Fd()), path, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL)
	if err != nil {
		return m.store.fail("write", path, err)
	}
	_, err = f.Write(b)
	if e := f.Close(); err == nil {
		err = e
	}
	return m.store.fail("write", path, err)
}

// PublishImage records an image, if it is not there yet, and gives it a name. All of
// its layers were asked for by Need. What had the name before loses it.
func (m *Making) PublishImage(ctx context.Context, r *Record, config []byte, n Name) error {
	const folder = "image"
	r.Schema = Schema
	if err := unix.Mkdirat(int(m.dir.Fd()), folder, 0o700); err != nil {
		return m.store.fail("make", m.path+"/"+folder, err)
	}
	if err := m.write(folder+"/"+configFile, config); err != nil {
		return err
	}
	if err := m.describe(folder, imageFile, r); err != nil {
		return err
	}
	unlock, err := m.store.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := m.place(folder, r.ID); err != nil {
		return m.store.fail("publish", r.ID.String(), err)
	}
	return m.name(r.ID, n)
}

// place leaves the image that is there, unless it is damaged.
func (m *Making) place(folder string, id digest.Digest) error {
	at := imagesDir + "/" + id.Hex()
	if f, err := safepath.Beneath(m.store.fd(), at+"/"+imageFile, unix.O_RDONLY); err == nil {
		_, err = decode(f, id)
		f.Close()
		if err == nil {
			return m.Discard(folder)
		}
	}
	if err := m.takeAway(at); err != nil && !isGone(err) {
		return err
	}
	return unix.Renameat2(int(m.dir.Fd()), folder, m.store.fd(), at, unix.RENAME_NOREPLACE)
}

func (m *Making) name(id digest.Digest, n Name) error {
	if err := m.write("name", []byte(id.String()+"\n")); err != nil {
		return err
	}
	return m.store.fail("name", n.String(), unix.Renameat(int(m.dir.Fd()), "name", m.store.fd(), namesDir+"/"+n.file()))
}

// Publish gives something of the Making a place outside of what the store itself
// keeps, as states/NAME, which must be new: EEXIST otherwise.
func (m *Making) Publish(name, to string) error {
	if dir, _, _ := strings.Cut(to, "/"); dir != statesDir {
		return &Error{Op: "publish", Object: to, Err: ErrName, Hint: "others than the store have states/ alone"}
	}
	if err := unix.Mkdirat(m.store.fd(), statesDir, 0o700); err != nil && err != unix.EEXIST {
		return m.store.fail("make", statesDir, err)
	}
	return m.store.fail("publish", to, unix.Renameat2(int(m.dir.Fd()), name, m.store.fd(), to, unix.RENAME_NOREPLACE))
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
