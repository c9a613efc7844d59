package store

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/rootfs/digest"
	"golang.org/x/sys/unix"
)

// Swept says what GC has removed.
type Swept struct {
	Images    []digest.Digest `json:"images"`    // that had no name and no user
	Layers    []digest.Digest `json:"layers"`    // that no image had
	Abandoned []string        `json:"abandoned"` // folders of makers that were killed
	Bytes     int64           `json:"bytes"`     // what the layers' files held
	InUse     []digest.Digest `json:"in_use"`    // images without a name that stay: somebody uses them, or a state lies over them
}

// newSwept has lists, which are not null in JSON.
func newSwept() *Swept {
	return &Swept{Images: []digest.Digest{}, Layers: []digest.Digest{}, Abandoned: []string{}, InUse: []digest.Digest{}}
}

// GC removes images without a name, if nobody uses them and inUse does not name them;
// layers that no image has; and what killed makers left behind.
func (s *Store) GC(ctx context.Context, inUse []digest.Digest) (*Swept, error) {
	if s.dir == nil {
		return newSwept(), nil
	}
	m, err := s.Make()
	if err != nil {
		return nil, err
	}
	w := &sweeper{store: s, into: m, swept: newSwept(), kept: inUse}
	err = w.take(ctx)
	if e := m.Close(); err == nil { // outside of the lock: this takes its time
		err = e
	}
	if err == nil {
		err = s.Sync()
	}
	return w.swept, err
}

// sweeper moves what nobody needs to a folder of its own, while nothing is published.
type sweeper struct {
	store *Store
	into  *Making
	swept *Swept
	kept  []digest.Digest
}

func (w *sweeper) take(ctx context.Context) error {
	unlock, err := w.store.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	for _, step := range [...]func() error{w.abandoned, w.images, w.layers} {
		if err := step(); err != nil {
			return w.store.fail("sweep", w.store.path, err)
		}
	}
	return nil
}

// abandoned takes the folders that nobody has a lock of.
func (w *sweeper) abandoned() error {
	names, err := w.store.entries(tmpDir)
	if err != nil {
		return err
	}
	for _, name := range names {
		path := tmpDir + "/" + name
		taken, err := w.takeIfFree(path, path)
		if err != nil {
			return err
		}
		if taken {
			w.swept.Abandoned = append(w.swept.Abandoned, name)
		}
	}
	return nil
}

// takeIfFree moves path away if nobody holds a lock of what is at locked. It holds that
// lock itself meanwhile: who waits for it finds that the thing is gone.
func (w *sweeper) takeIfFree(path, locked string) (bool, error) {
	f, err := w.store.holdAlone(locked)
	switch {
	case err == nil:
		defer f.Close()
	case err == unix.EWOULDBLOCK:
		return false, nil
	case !isGone(err):
		return false, err
	}
	if err = w.into.takeAway(path); isGone(err) {
		return false, nil
	}
	return err == nil, err
}

// holdAlone opens what is at path with its lock: EWOULDBLOCK if somebody has that.
func (s *Store) holdAlone(path string) (*os.File, error) {
	f, err := s.openAny(path)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (s *Store) openAny(path string) (*os.File, error) {
	f, err := safepath.Beneath(s.fd(), path, unix.O_RDONLY|unix.O_DIRECTORY)
	if errors.Is(err, unix.ENOTDIR) {
		f, err = safepath.Beneath(s.fd(), path, unix.O_RDONLY)
	}
	return f, err
}

// images takes those that nothing leads to. Who opens one now, finds it gone when the
// lock is his.
func (w *sweeper) images() error {
	named, err := w.store.named()
	if err != nil {
		return err
	}
	all, err := w.store.ids(imagesDir)
	if err != nil {
		return err
	}
	for _, id := range all {
		if len(named[id]) > 0 || slices.Contains(w.kept, id) {
			continue
		}
		path := imagesDir + "/" + id.Hex()
		taken, err := w.takeIfFree(path, path+"/"+imageFile)
		switch {
		case err != nil:
			return err
		case taken:
			w.swept.Images = append(w.swept.Images, id)
		default:
			w.swept.InUse = append(w.swept.InUse, id)
		}
	}
	return nil
}

// layers takes those of no image and of none that is being made. An image whose record
// is damaged may have any: then all stay.
func (w *sweeper) layers() error {
	used, err := w.store.usedLayers()
	if errors.Is(err, ErrDamaged) {
		return nil
	}
	if err != nil {
		return err
	}
	all, err := w.store.ids(layersDir)
	if err != nil {
		return err
	}
	for _, id := range all {
		if used[id] > 0 {
			continue
		}
		if r, err := w.store.readLayer(id); err == nil {
			w.swept.Bytes += r.Bytes
		}
		if err := w.into.takeAway(layersDir + "/" + id.Hex()); err != nil {
			return err
		}
		w.swept.Layers = append(w.swept.Layers, id)
	}
	return nil
}

// usedLayers counts for each layer by how many images it is had, and by how many that
// are being made.
func (s *Store) usedLayers() (map[digest.Digest]int, error) {
	used := map[digest.Digest]int{}
	ids, err := s.ids(imagesDir)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		r, err := s.Record(id)
		if isGone(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, l := range r.Layers {
			used[l.DiffID]++
		}
	}
	makers, err := s.entries(tmpDir)
	if err != nil {
		return nil, err
	}
	for _, m := range makers {
		ids, err := s.ids(tmpDir + "/" + m + "/" + usesDir)
		if err != nil && !isGone(err) {
			return nil, err
		}
		for _, id := range ids {
			used[id]++
		}
	}
	return used, nil
}
