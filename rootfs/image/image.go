// Package image brings images into a store and out of it: from an OCI layout, as a
// folder or in a tar file, from what "docker save" writes, from an archive of a root
// file system, and from a folder; to an OCI layout in a tar file that docker loads too.
//
// What comes is untrusted. Layers are unpacked by a confined process (package layer),
// and the rest is a few bounded files of JSON.
package image

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/rootfs/digest"
	"github.com/jailrun/jail/rootfs/layer"
	"github.com/jailrun/jail/rootfs/store"
	"golang.org/x/sys/unix"
)

// Options say how an image is imported.
type Options struct {
	// Unpacker is the program that unpacks; the zero value is what layer.FindUnpacker gives.
	Unpacker layer.Command
	// Key is a public key, as "jail audit key" makes one: the image must be signed by
	// it (see Sign), or nothing of it is unpacked. "": it need not be.
	Key string
	// Ref picks one of several images in the source, by what the source calls it.
	Ref string
	// Platform picks the image of a machine; the zero value is this one's.
	Platform Platform
	// LeaveOutDevices takes images with devices below /dev, and makes none of them.
	LeaveOutDevices bool
	// AllowUnconfined unpacks on hosts that forbid user namespaces, too.
	AllowUnconfined bool
	// Except leaves paths of a folder out, with all that is below them. It is for
	// folders alone.
	Except func(path string) bool
	// Limits bound each layer.
	Limits layer.Limits
	// Progress is told what was read; nil: nobody is. It is called by one goroutine
	// at a time.
	Progress func(Progress)
}

// Progress is how far an import is.
type Progress struct {
	Layer, Layers int   // from 1
	Bytes, Total  int64 // of this layer as it comes; Total is 0 where nobody knows
	Present       bool  // the store has this layer: it is not read
}

// Platform is a kind of machine, as OCI names it.
type Platform struct {
	OS      string `json:"os"`
	Arch    string `json:"architecture"`
	Variant string `json:"variant,omitempty"`
}

func (p Platform) orThis() Platform {
	if p == (Platform{}) {
		p = Platform{OS: "linux", Arch: runtime.GOARCH}
	}
	return p
}

// String reads "linux/arm64/v8".
func (p Platform) String() string {
	s := p.OS + "/" + p.Arch
	if p.Variant != "" {
		s += "/" + p.Variant
	}
	return s
}

// Imported says what an import has done.
type Imported struct {
	ID     digest.Digest `json:"id"`
	Name   string        `json:"name"`
	Source string        `json:"source"` // "OCI layout", "docker archive", "archive", "folder"
	Layers []Outcome     `json:"layers"`
}

// Outcome is what became of a layer.
type Outcome struct {
	store.LayerRecord
	Present bool     `json:"present"` // the store had it: it was neither read nor written
	Walls   []string `json:"walls,omitempty"`
}

// Import brings what is at path into the store, by the name n. All or nothing of it is
// seen there. The error is an *Error, a *store.Error or a *layer.Error.
func Import(ctx context.Context, s *store.Store, path string, n store.Name, o Options) (*Imported, error) {
	src, err := open(ctx, path, &o)
	if err != nil {
		return nil, fail("import", path, err)
	}
	defer src.close()
	if err := s.Sync(); err != nil { // of what came before: most of it is on the disk by now
		return nil, err
	}
	m, err := s.Make()
	if err != nil {
		return nil, err
	}
	i := &importer{ctx: ctx, store: s, making: m, options: &o, source: src, done: &Imported{Name: n.String(), Source: src.kind}}
	i.options.Unpacker.Keep = m.Dir()
	err = i.run(n)
	if e := m.Close(); err == nil {
		err = e
	}
	if err != nil {
		return nil, fail("import", path, err)
	}
	return i.done, nil
}

// source is what is to be imported, when it was looked at.
type source struct {
	kind   string
	config []byte // "": one is made when the layer is known
	layers []blob // the lowest first
	parsed *config
	opened []io.Closer
}

// blob is a layer that is to be read.
type blob struct {
	open      func() (io.ReadCloser, error)
	size      int64         // as it comes; -1: nobody knows
	digest    digest.Digest // as it comes; none: nobody says
	diffID    digest.Digest // uncompressed; none: nobody says
	mediaType string
}

func (s *source) close() {
	for _, c := range s.opened {
		c.Close()
	}
}

// importer imports one image.
type importer struct {
	ctx     context.Context
	store   *store.Store
	making  *store.Making
	options *Options
	source  *source
	done    *Imported
}

func (i *importer) run(n store.Name) error {
	for at := range i.source.layers {
		o, err := i.layer(at)
		if err != nil {
			return err
		}
		i.done.Layers = append(i.done.Layers, *o)
	}
	if err := i.configure(); err != nil {
		return err
	}
	i.done.ID = digest.Of(i.source.config)
	r := &store.Record{ID: i.done.ID, Config: i.source.parsed.launch(), Source: i.source.kind, Imported: time.Now().UTC().Truncate(time.Second)}
	for _, l := range i.done.Layers {
		r.Layers = append(r.Layers, l.LayerRecord)
	}
	return i.making.PublishImage(i.ctx, r, i.source.config, n)
}

// configure makes the configuration of what has none.
func (i *importer) configure() (err error) {
	if i.source.config == nil {
		i.source.config, i.source.parsed, err = bare(i.options.Platform.orThis(), i.done.Layers)
	}
	return err
}

// layer has one layer in the store, if need be by unpacking it.
func (i *importer) layer(at int) (*Outcome, error) {
	b := &i.source.layers[at]
	if !b.diffID.IsZero() {
		have, err := i.making.Need(i.ctx, b.diffID)
		if err != nil {
			return nil, err
		}
		if have != nil {
			i.tell(Progress{Layer: at + 1, Layers: len(i.source.layers), Present: true})
			return &Outcome{LayerRecord: *have, Present: true}, nil
		}
	}
	return i.unpack(at, b)
}

const unpackedDir = "layer"

func (i *importer) unpack(at int, b *blob) (*Outcome, error) {
	dir, err := i.making.Folder(unpackedDir)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	r, err := b.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	watched := &watched{r: sized(r, b.size), tell: func(n int64) {
		i.tell(Progress{Layer: at + 1, Layers: len(i.source.layers), Bytes: n, Total: max(b.size, 0)})
	}}
	o := layer.Options{MediaType: b.mediaType, Blob: b.digest, DiffID: b.diffID, LeaveOutDevices: i.options.LeaveOutDevices,
		AllowUnconfined: i.options.AllowUnconfined, Limits: i.options.Limits}
	info, err := layer.Confined(i.ctx, i.options.Unpacker, watched, dir, o)
	if err == nil && b.size >= 0 && info.BlobBytes != b.size {
		err = ErrSize
	}
	if err == nil && i.source.kind == kindArchive {
		err = notImage(dir)
	}
	if err != nil {
		return nil, err
	}
	return i.publish(&info)
}

// notImage looks whether what was unpacked is an image itself: one in a compressed
// archive is taken for a root file system.
func notImage(dir *os.File) error {
	top, err := safepath.Beneath(int(dir.Fd()), layer.TreeDir, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer top.Close()
	f := &folderFiles{top}
	if f.has(layoutFile) && f.has(indexFile) {
		return ErrCompressed
	}
	if b, err := readAll(f, manifestFile); err == nil {
		var all []saved
		if json.Unmarshal(b, &all) == nil && len(all) > 0 && f.has(all[0].Config) {
			return ErrCompressed
		}
	}
	return nil
}

// publish gives an unpacked layer its place. Of one whose digest nobody knew, only now
// is seen that it is there.
func (i *importer) publish(info *layer.Info) (*Outcome, error) {
	if _, err := i.making.Need(i.ctx, info.DiffID); err != nil {
		return nil, err
	}
	r := store.LayerRecord{DiffID: info.DiffID, StreamBytes: info.StreamBytes, Bytes: info.Bytes, Entries: info.Entries,
		MappedOwner: info.MappedOwner, Devices: info.LeftOut, Implied: info.Implied}
	if _, err := i.making.PublishLayer(unpackedDir, &r); err != nil {
		return nil, err
	}
	return &Outcome{LayerRecord: r, Walls: info.Walls}, nil
}

func (i *importer) tell(p Progress) {
	if i.options.Progress != nil {
		i.options.Progress(p)
	}
}

// watched tells how much was read.
type watched struct {
	r    io.Reader
	n    int64
	tell func(int64)
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.n += int64(n)
	w.tell(w.n)
	return n, err
}

// sized is what a blob may have at most: one byte more shows that it has too many.
func sized(r io.Reader, size int64) io.Reader {
	if size < 0 {
		return r
	}
	return io.LimitReader(r, size+1)
}
