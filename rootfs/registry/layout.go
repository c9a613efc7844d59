package registry

import (
	"encoding/json"
	"errors"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/jailrun/jail/internal/draft"
	"golang.org/x/sys/unix"
)

// A layout is a folder in the OCI image layout, as it is filled: image-spec,
// image-layout.md.
type layout struct {
	dir   string
	top   *os.File
	blobs *os.File // blobs/sha256
}

const (
	writing    = "write the layout"
	layoutMark = `{"imageLayoutVersion":"1.0.0"}`
)

func openLayout(dir string) (*layout, error) {
	l := &layout{dir: dir}
	if err := l.open(); err != nil {
		l.close()
		return nil, fail(writing, dir, err)
	}
	return l, nil
}

func (l *layout) open() (err error) {
	if l.top, err = os.Open(l.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(l.dir+"/blobs/sha256", 0o700); err != nil {
		return err
	}
	if l.blobs, err = os.Open(l.dir + "/blobs/sha256"); err != nil {
		return err
	}
	return l.put(l.top, "oci-layout", []byte(layoutMark))
}

func (l *layout) close() {
	for _, f := range []*os.File{l.top, l.blobs} {
		if f != nil {
			_ = f.Close()
		}
	}
}

// finish writes the manifest, the index that it was chosen from, since a signature
// may be of that, and the index that makes the layout whole.
func (l *layout) finish(m *manifest) error {
	top := &m.document
	err := l.put(l.blobs, m.digest.Hex(), m.raw)
	if err == nil && m.from != nil {
		top = m.from
		err = l.put(l.blobs, top.digest.Hex(), top.raw)
	}
	if err == nil {
		err = l.putIndex(top)
	}
	if err != nil {
		return fail(writing, l.dir, err)
	}
	return nil
}

func (l *layout) putIndex(of *document) error {
	index, err := json.Marshal(v1.IndexManifest{
		SchemaVersion: 2,
		MediaType:     types.OCIImageIndex,
		Manifests: []v1.Descriptor{{
			MediaType: of.kind, Size: int64(len(of.raw)), Digest: v1.Hash{Algorithm: "sha256", Hex: of.digest.Hex()},
		}},
	})
	if err != nil {
		return err
	}
	return l.put(l.top, "index.json", index)
}

func (l *layout) put(dir *os.File, name string, content []byte) error {
	d, err := draft.New(dir, 0o644)
	if err != nil {
		return err
	}
	defer d.Drop()
	if _, err := d.File.Write(content); err != nil {
		return err
	}
	if err := d.Publish(name); !errors.Is(err, unix.EEXIST) {
		return err
	}
	return ErrNotEmpty
}

func (l *layout) read(blob string) ([]byte, error) {
	f, err := os.Open(l.dir + "/blobs/sha256/" + blob) // #nosec G304 -- a digest that was looked at, in the folder that is being made
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, mostWords))
}
