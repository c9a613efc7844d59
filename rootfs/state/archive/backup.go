// Package archive turns what a state keeps into archives and back: backups, and layers of
// images. It links what reads archives, which a launch has no use for.
package archive

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/jailrun/jail/rootfs/digest"
	"github.com/jailrun/jail/rootfs/layer"
	"github.com/jailrun/jail/rootfs/state"
	"golang.org/x/sys/unix"
)

// A backup is a tar: the state's record, and of each part what was changed, as the
// archive of a layer. What the state lies over is not in it.
const (
	backupRecord = "jail-state.json"
	backupSuffix = ".layer"
	mostRecord   = 1 << 20 // bytes
)

// Export writes a backup of a state, and says how many FIFOs, sockets and devices of it
// it left out: an archive of a layer has none (OCI image-spec, layer.md).
func Export(ctx context.Context, s *state.State, w io.Writer) (leftOut int64, err error) {
	t := tar.NewWriter(w)
	b, err := json.MarshalIndent(&s.Record, "", " ")
	if err == nil {
		err = t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: backupRecord, Size: int64(len(b)), Mode: 0o600})
	}
	if err == nil {
		_, err = t.Write(b)
	}
	for i := range s.Parts {
		if err == nil {
			var n int64
			n, err = exportPart(ctx, s, t, &s.Parts[i])
			leftOut += n
		}
	}
	if err == nil {
		err = t.Close()
	}
	if err != nil {
		return leftOut, fail("export", s, err)
	}
	return leftOut, nil
}

// exportPart packs a part twice: an archive in a tar has its size before it.
func exportPart(ctx context.Context, s *state.State, t *tar.Writer, p *state.Part) (leftOut int64, err error) {
	size, err := pack(ctx, s, io.Discard, p)
	if err != nil {
		return 0, err
	}
	if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: p.Dir + backupSuffix, Size: size.StreamBytes, Mode: 0o600}); err != nil {
		return 0, err
	}
	_, err = pack(ctx, s, t, p)
	return size.LeftOut, err
}

func pack(ctx context.Context, s *state.State, w io.Writer, p *state.Part) (layer.Info, error) {
	dir, err := s.Folder(p)
	if err != nil {
		return layer.Info{}, err
	}
	defer dir.Close()
	return layer.Pack(ctx, w, dir, layer.PackOptions{Upper: true, Owned: state.UpperDir})
}

// Pack writes what was changed of the image, or of the host's own root, as the archive of
// a layer.
func Pack(ctx context.Context, s *state.State, w io.Writer) (layer.Info, error) {
	p := s.Part("/")
	if p == nil {
		return layer.Info{}, &state.Error{Op: "pack", Object: s.Name, Err: state.ErrNoImage, Hint: "it keeps changes of folders alone; jail state apply makes them there"}
	}
	i, err := pack(ctx, s, w, p)
	if err != nil {
		return i, fail("pack", s, err)
	}
	return i, nil
}

func fail(op string, s *state.State, err error) error {
	return &state.Error{Op: op, Object: s.Name, Err: err}
}

// Import makes a state under a name of what a backup holds. The backup is as little
// trusted as what the state's programs have written: it is unpacked by a process that
// reaches nothing else. What a backup says of folders of the host's is left out: who uses
// the state next says what it lies over.
func Import(ctx context.Context, store, name string, r io.Reader, o ImportOptions) (*state.Record, error) {
	t := tar.NewReader(r)
	rec, err := backedUp(t)
	if err == nil {
		err = o.sized(rec)
	}
	if err != nil {
		hint := "give it what jail state export has written"
		if errors.Is(err, ErrSize) {
			hint = "name --state-size"
		}
		return nil, &state.Error{Op: "import", Object: name, Err: err, Hint: hint}
	}
	w := state.Want{Image: rec.Image, Ref: rec.Ref, User: rec.User, Bytes: rec.Bytes}
	err = state.Create(ctx, store, name, w, func(s *state.State) error { return restore(ctx, s, rec, t, o.Unpacker) })
	if err != nil {
		return nil, err
	}
	return state.Get(store, name)
}

// ImportOptions say how a backup is taken.
type ImportOptions struct {
	Unpacker layer.Command
	Bytes    int64 // that the state may hold; 0 for what the backup says, up to 16 GiB
}

// mostUnasked is what a backup may have a state hold by its own word.
const mostUnasked = 16 << 30

// sized gives a record the size that the caller wants, or is content with.
func (o *ImportOptions) sized(r *state.Record) error {
	switch {
	case o.Bytes >= state.LeastBytes:
		r.Bytes = o.Bytes
	case o.Bytes > 0 || r.Bytes > mostUnasked || r.Bytes < state.LeastBytes:
		return ErrSize
	}
	return nil
}

// ErrSize: a backup says that its state may hold too much, or too little to be one.
const ErrSize state.Fault = "it has no size that a state may have unasked: 16M to 16G"

// backedUp reads the record, which comes first.
func backedUp(t *tar.Reader) (*state.Record, error) {
	h, err := t.Next()
	if err != nil {
		return nil, err
	}
	if h.Name != backupRecord || h.Typeflag != tar.TypeReg || h.Size > mostRecord {
		return nil, state.ErrDamaged
	}
	r := &state.Record{}
	if err := json.NewDecoder(t).Decode(r); err != nil || r.Schema != state.Schema || !r.Whole() || r.Bytes <= 0 {
		return nil, state.ErrDamaged
	}
	if _, err := digest.Parse(r.Image); r.Image != "" && err != nil {
		return nil, state.ErrDamaged
	}
	return r, nil
}

func restore(ctx context.Context, s *state.State, rec *state.Record, t *tar.Reader, c layer.Command) error {
	if err := s.Adopt(rec); err != nil {
		return err
	}
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fail("import", s, err)
		}
		if err := restorePart(ctx, s, h, t, c); err != nil {
			return fail("import", s, err)
		}
	}
	return nil
}

func restorePart(ctx context.Context, s *state.State, h *tar.Header, r io.Reader, c layer.Command) error {
	dir, named := strings.CutSuffix(h.Name, backupSuffix)
	known := slices.IndexFunc(s.Parts, func(p state.Part) bool { return p.Dir == dir })
	if !named || known < 0 || h.Typeflag != tar.TypeReg {
		return state.ErrDamaged
	}
	f, err := s.Folder(&s.Parts[known])
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := layer.Confined(ctx, c, r, f, layer.Options{}); err != nil {
		return err
	}
	at := int(f.Fd())
	if err := unix.Unlinkat(at, layer.SkeletonFile, 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return unix.Renameat2(at, layer.TreeDir, at, state.UpperDir, 0)
}
