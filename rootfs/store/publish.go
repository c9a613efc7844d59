package store

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/rootfs/digest"
	"golang.org/x/sys/unix"
)

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
	if err == nil && len(b) >= mostRecord {
		err = m.store.fail("describe", file, ErrLong)
	}
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
	users, err := ReadAccounts(m.store.image(r, nil).Stack())
	if err != nil {
		return m.store.fail("read the users of", r.ID.String(), err)
	}
	r.Accounts = recorded(users)
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
	if err := m.place(folder, r); err != nil {
		return m.store.fail("publish", r.ID.String(), err)
	}
	return m.name(r.ID, n)
}

// place leaves the image that is there, unless it is damaged, or its record says of its
// layers what is not so.
func (m *Making) place(folder string, r *Record) error {
	at := imagesDir + "/" + r.ID.Hex()
	if have, err := m.store.Record(r.ID); err == nil && have.agrees(r) {
		return m.Discard(folder)
	}
	if err := m.takeAway(at); err != nil && !isGone(err) {
		return err
	}
	return unix.Renameat2(int(m.dir.Fd()), folder, m.store.fd(), at, unix.RENAME_NOREPLACE)
}

// agrees says whether two records of an image have the same layers and users.
func (r *Record) agrees(other *Record) bool {
	same := func(a, b LayerRecord) bool { return a.DiffID == b.DiffID }
	return slices.EqualFunc(r.Layers, other.Layers, same) && reflect.DeepEqual(r.Accounts, other.Accounts)
}

func (m *Making) name(id digest.Digest, n Name) error {
	if err := m.write("name", []byte(id.String()+"\n")); err != nil {
		return err
	}
	return m.store.fail("name", n.String(), unix.Renameat(int(m.dir.Fd()), "name", m.store.fd(), namesDir+"/"+n.file()))
}
