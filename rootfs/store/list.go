package store

import (
	"cmp"
	"context"
	"maps"
	"os"
	"slices"

	"github.com/jailrun/jail/rootfs/digest"
	"golang.org/x/sys/unix"
)

// Summary is an image as List tells of it.
type Summary struct {
	Record
	Names       []string `json:"names"` // in order; none for what only its ID leads to
	Bytes       int64    `json:"bytes"` // what the files of its layers hold
	SharedBytes int64    `json:"shared_bytes"`
	OwnBytes    int64    `json:"own_bytes"` // that would be free without it
	Synced      bool     `json:"synced"`    // it is known to be on the disk
}

// List tells of all images, by their names. Those whose record is damaged are named in
// the error, beside the others.
func (s *Store) List() ([]Summary, error) {
	named, err := s.named()
	if err != nil {
		return nil, s.fail("list", s.path, err)
	}
	ids, err := s.ids(imagesDir)
	if err != nil {
		return nil, s.fail("list", s.path, err)
	}
	var all []Summary
	var first error
	shares := map[digest.Digest]int{}
	for _, id := range ids {
		r, err := s.Record(id)
		if err != nil {
			first = cmp.Or(first, s.fail("read", id.String(), err))
			continue
		}
		for _, l := range distinct(r.Layers) {
			shares[l.DiffID]++
		}
		r.Accounts = nil // the text of two files is no summary
		all = append(all, Summary{Record: *r, Names: append([]string{}, named[id]...), Synced: !s.has(imagesDir + "/" + id.Hex() + "/" + unsyncedFile)})
	}
	for i := range all {
		all[i].weigh(shares)
	}
	slices.SortFunc(all, func(a, b Summary) int {
		return cmp.Or(slices.Compare(a.Names, b.Names), slices.Compare(a.ID[:], b.ID[:]))
	})
	return all, first
}

// Inspect tells of the image that a ref of Use stands for.
func (s *Store) Inspect(ref string) (*Summary, error) {
	_, id, err := s.Resolve(ref)
	if err != nil {
		return nil, err
	}
	all, err := s.List()
	for i := range all {
		if all[i].ID == id {
			return &all[i], nil
		}
	}
	if err == nil {
		err = s.noImage(ref)
	}
	return nil, err
}

func (i *Summary) weigh(shares map[digest.Digest]int) {
	for _, l := range distinct(i.Layers) {
		i.Bytes += l.Bytes
		if shares[l.DiffID] > 1 {
			i.SharedBytes += l.Bytes
		} else {
			i.OwnBytes += l.Bytes
		}
	}
}

// distinct: an image may have one layer twice, mostly an empty one.
func distinct(layers []LayerRecord) []LayerRecord {
	seen := map[digest.Digest]LayerRecord{}
	for _, l := range layers {
		seen[l.DiffID] = l
	}
	return slices.Collect(maps.Values(seen))
}

// Record reads what is written of an image.
func (s *Store) Record(id digest.Digest) (*Record, error) {
	b, err := s.readFile(imagesDir+"/"+id.Hex()+"/"+imageFile, mostRecord)
	if err != nil {
		return nil, err
	}
	return decode(b, id)
}

// ConfigFile reads an image's configuration, as it came.
func (s *Store) ConfigFile(id digest.Digest) ([]byte, error) {
	const most = 4 << 20
	b, err := s.readFile(imagesDir+"/"+id.Hex()+"/"+configFile, most)
	if err == nil && digest.Of(b) != id {
		err = ErrDamaged
	}
	return b, s.fail("read the configuration of", id.String(), err)
}

// Remove takes a name from its image, or all names from the image that an ID stands
// for. What nothing leads to any more, GC removes.
func (s *Store) Remove(ctx context.Context, ref string) (names []string, err error) {
	name, id, err := s.Resolve(ref)
	if err != nil {
		return nil, err
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if name != "" {
		names = []string{name}
	} else {
		named, err := s.named()
		if err != nil {
			return nil, s.fail("remove", ref, err)
		}
		if names = named[id]; !s.has(imagesDir + "/" + id.Hex()) {
			return nil, s.noImage(ref)
		}
	}
	for _, n := range names {
		parsed, err := ParseName(n)
		if err == nil {
			err = unix.Unlinkat(s.fd(), namesDir+"/"+parsed.file(), 0)
		}
		if err != nil {
			return nil, s.fail("remove", n, err)
		}
	}
	return names, nil
}

// Named gives the names of each image, also of one whose record is damaged or gone, and
// none for one that has none.
func (s *Store) Named() (map[digest.Digest][]string, error) {
	named, err := s.named()
	if err != nil {
		return nil, s.fail("list", s.path, err)
	}
	ids, err := s.ids(imagesDir)
	if err != nil {
		return nil, s.fail("list", s.path, err)
	}
	for _, id := range ids {
		if _, has := named[id]; !has {
			named[id] = nil
		}
	}
	return named, nil
}

// named gives the names of each image. A name that can't be read has none.
func (s *Store) named() (map[digest.Digest][]string, error) {
	files, err := s.entries(namesDir)
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	named := map[digest.Digest][]string{}
	for _, f := range files {
		n, ok := nameOf(f)
		if !ok {
			continue
		}
		if id, err := s.readName(n); err == nil {
			named[id] = append(named[id], n.String())
		}
	}
	return named, nil
}

// ids lists the digests that name what is in a folder.
func (s *Store) ids(folder string) (list []digest.Digest, err error) {
	names, err := s.entries(folder)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	for _, n := range names {
		if id, err := digest.FromHex(n); err == nil {
			list = append(list, id)
		}
	}
	return list, nil
}

// has says whether something is at a path in the store.
func (s *Store) has(path string) bool {
	var st unix.Stat_t
	return s.dir != nil && unix.Fstatat(s.fd(), path, &st, unix.AT_SYMLINK_NOFOLLOW) == nil
}

// LayerDir opens a layer's folder.
func (s *Store) LayerDir(id digest.Digest) (*os.File, error) {
	d, err := s.folder(layersDir + "/" + id.Hex())
	return d, s.fail("open the layer", id.String(), err)
}

// LayerRecord reads what is written of a layer.
func (s *Store) LayerRecord(id digest.Digest) (*LayerRecord, error) {
	r, err := s.readLayer(id)
	return r, s.fail("read the layer", id.String(), err)
}
