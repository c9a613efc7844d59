// Package image brings images into a store and out of it: from an OCI layout, as a
// folder or in a tar file, from what "docker save" writes, from an archive of a root
// file system, and from a folder; to an OCI layout in a tar file that docker loads too.
//
// What comes is untrusted. Layers are unpacked by a confined process (package layer),
// and the rest is a few bounded files of JSON.
package image

import (
	"context"
	"io"
	"runtime"

	"github.com/jailrun/jail/rootfs/digest"
	"github.com/jailrun/jail/rootfs/layer"
	"github.com/jailrun/jail/rootfs/store"
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
