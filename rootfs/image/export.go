package image

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"time"

	"github.com/jailrun/jail/rootfs/digest"
	"github.com/jailrun/jail/rootfs/layer"
	"github.com/jailrun/jail/rootfs/store"
)

// Export writes an image as an OCI layout in a tar file, which docker loads too: with
// the configuration and the layers, uncompressed, byte for byte as they came. The same
// image gives the same file. It gives the manifest's digest. Where a layer was changed
// it fails, after it has written something: what is written counts only without an error.
func Export(ctx context.Context, s *store.Store, ref string, w io.Writer) (digest.Digest, error) {
	i, err := s.Use(ref)
	if err != nil {
		return digest.Digest{}, err
	}
	defer i.Close()
	e := &exporter{ctx: ctx, store: s, image: i, tar: tar.NewWriter(w)}
	if err := e.run(); err != nil {
		return digest.Digest{}, fail("export", ref, err)
	}
	return e.manifest, nil
}

type exporter struct {
	ctx      context.Context
	store    *store.Store
	image    *store.Image
	tar      *tar.Writer
	manifest digest.Digest
}

func (e *exporter) run() error {
	config, err := e.store.ConfigFile(e.image.ID)
	if err != nil {
		return err
	}
	layers, err := e.layers()
	if err != nil {
		return err
	}
	if err := e.describe(config, layers); err != nil {
		return err
	}
	done := map[digest.Digest]bool{}
	for i := range layers {
		if done[layers[i].Digest] {
			continue // an image may have one twice
		}
		done[layers[i].Digest] = true
		if err := e.layer(&layers[i]); err != nil {
			return err
		}
	}
	return e.tar.Close()
}

// layers describes each by the digest of its archive, uncompressed.
func (e *exporter) layers() (list []descriptor, err error) {
	for _, l := range e.image.Layers {
		r, err := e.store.LayerRecord(l.DiffID)
		if err != nil {
			return nil, err
		}
		list = append(list, descriptor{MediaType: typeLayer, Digest: l.DiffID, Size: r.StreamBytes})
	}
	return list, nil
}

// describe writes all but the layers.
func (e *exporter) describe(config []byte, layers []descriptor) error {
	m, err := json.Marshal(manifestJSON{SchemaVersion: 2, MediaType: typeManifest, Config: descriptor{MediaType: typeConfig, Digest: e.image.ID, Size: int64(len(config))}, Layers: layers})
	if err != nil {
		return err
	}
	e.manifest = digest.Of(m)
	x, err := json.Marshal(indexJSON{SchemaVersion: 2, MediaType: typeIndex, Manifests: []descriptor{e.named(int64(len(m)))}})
	if err != nil {
		return err
	}
	d, err := json.Marshal([]saved{e.saved(layers)})
	if err != nil {
		return err
	}
	for _, f := range [...]struct {
		name string
		body []byte
	}{
		{layoutFile, []byte(`{"imageLayoutVersion":"1.0.0"}`)},
		{indexFile, x},
		{manifestFile, d},
		{blobsDir + e.image.ID.Hex(), config},
		{blobsDir + e.manifest.Hex(), m},
	} {
		if err := e.header(f.name, int64(len(f.body))); err != nil {
			return err
		}
		if _, err := e.tar.Write(f.body); err != nil {
			return err
		}
	}
	return nil
}

// named is the manifest's entry in the index, with the name as far as it has one.
func (e *exporter) named(size int64) descriptor {
	d := descriptor{MediaType: typeManifest, Digest: e.manifest, Size: size}
	if n, err := store.ParseName(e.image.Name); err == nil {
		d.Annotations = map[string]string{refName: n.Tag, imageName: n.String()}
	}
	return d
}

func (e *exporter) saved(layers []descriptor) saved {
	s := saved{Config: blobsDir + e.image.ID.Hex(), Layers: []string{}}
	if e.image.Name != "" {
		s.RepoTags = []string{e.image.Name}
	}
	for _, l := range layers {
		s.Layers = append(s.Layers, blobsDir+l.Digest.Hex())
	}
	return s
}

func (e *exporter) header(name string, size int64) error {
	return e.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, ModTime: time.Unix(0, 0), Format: tar.FormatPAX})
}

// layer replays one, and holds it to its digest.
func (e *exporter) layer(d *descriptor) error {
	dir, err := e.store.LayerDir(d.Digest)
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := e.header(blobsDir+d.Digest.Hex(), d.Size); err != nil {
		return err
	}
	sum := sha256.New()
	if err := layer.Replay(e.ctx, io.MultiWriter(e.tar, sum), dir); err != nil {
		return err
	}
	if digest.Digest(sum.Sum(nil)) != d.Digest {
		return &Error{Op: "export", Object: "layer " + d.Digest.String(), Err: ErrDamaged, Hint: "jail image verify says what was changed; import the image again"}
	}
	return nil
}
