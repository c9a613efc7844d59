package image

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"time"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/rootfs/digest"
	"github.com/jailrun/jail/rootfs/layer"
	"github.com/jailrun/jail/rootfs/store"
	"golang.org/x/sys/unix"
)

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
