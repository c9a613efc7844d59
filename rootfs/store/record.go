package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/rootfs"
	"github.com/jailrun/jail/rootfs/digest"
	"golang.org/x/sys/unix"
)

// Schema is that of an image's record.
const Schema = "jail.image/v1"

// Record is what is written of an image: image.json.
type Record struct {
	Schema   string           `json:"schema"`
	ID       digest.Digest    `json:"id"`                 // of the configuration as it came
	Layers   []LayerRecord    `json:"layers"`             // the lowest first
	Config   Config           `json:"config"`             // what a launch reads of it
	Accounts *rootfs.Accounts `json:"accounts,omitempty"` // the files of its layers that name its users; absent: look there
	Source   string           `json:"source"`             // what it was imported from
	Imported time.Time        `json:"imported"`           // when
}

// LayerRecord is what is written of a layer: layer.json.
type LayerRecord struct {
	DiffID      digest.Digest `json:"diff_id"`      // of the archive, uncompressed
	StreamBytes int64         `json:"stream_bytes"` // its size
	Bytes       int64         `json:"bytes"`        // what its files hold
	Entries     int64         `json:"entries"`      // files, folders and so on
	MappedOwner bool          `json:"mapped_owner"` // all belongs to the store's owner, whom an archive says it belongs to
	Devices     int64         `json:"devices_left_out,omitempty"`
	Implied     int64         `json:"implied_folders,omitempty"` // folders that the archive has no entry for
}

// Config is how an image is meant to be started.
type Config struct {
	Env        []string `json:"env,omitempty"` // NAME=VALUE
	WorkingDir string   `json:"working_dir,omitempty"`
	Entrypoint []string `json:"entrypoint,omitempty"`
	Cmd        []string `json:"cmd,omitempty"`
	User       string   `json:"user,omitempty"` // name or number, with :GROUP or not
}

// The files of an image and a layer.
const (
	imageFile    = "image.json"
	configFile   = "config.json"
	layerFile    = "layer.json"
	treeDir      = "tree"
	unsyncedFile = "unsynced"
)

// mostRecord bounds a record. One of 128 layers has 20 KiB; the image's environment and
// its users can have most of the rest.
const mostRecord = 1 << 20

// readSmall reads a file of the store's at once, or says what is wrong with it. Such a
// file never grows: it was renamed into its place.
func readSmall(f *os.File, most int64) ([]byte, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if st.Size() == 0 || st.Size() > most {
		return nil, ErrDamaged
	}
	b := make([]byte, st.Size())
	if _, err := io.ReadFull(f, b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return b, nil
}

// decode reads a record, and holds it to what its folder is called.
func decode(b []byte, id digest.Digest) (*Record, error) {
	r := &Record{}
	if json.Unmarshal(b, r) != nil || r.Schema != Schema || r.ID != id {
		return nil, ErrDamaged
	}
	return r, nil
}

// readFile reads a small file by its path in the store.
func (s *Store) readFile(path string, most int64) ([]byte, error) {
	if s.dir == nil {
		return nil, unix.ENOENT
	}
	f, err := safepath.Beneath(s.fd(), path, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readSmall(f, most)
}

// readLayer reads a layer's record.
func (s *Store) readLayer(id digest.Digest) (*LayerRecord, error) {
	b, err := s.readFile(layersDir+"/"+id.Hex()+"/"+layerFile, mostRecord)
	if err != nil {
		return nil, err
	}
	l := &LayerRecord{}
	if json.Unmarshal(b, l) != nil || l.DiffID != id {
		return nil, ErrDamaged
	}
	return l, nil
}

// readName gives the ID that a name stands for.
func (s *Store) readName(n Name) (digest.Digest, error) {
	const most = 128
	b, err := s.readFile(namesDir+"/"+n.file(), most)
	if err != nil {
		return digest.Digest{}, err
	}
	id, err := digest.Parse(string(b[:len(b)-1]))
	if err != nil {
		return digest.Digest{}, ErrDamaged
	}
	return id, nil
}

func isGone(err error) bool { return errors.Is(err, unix.ENOENT) }
