package state

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/jailrun/jail/rootfs/layer"
	"golang.org/x/sys/unix"
)

// A backup is a tar: the state's record, and of each part what was changed, as the
// archive of a layer. What the state lies over is not in it.
const (
	backupRecord = "jail-state.json"
	backupSuffix = ".layer"
	mostRecord   = 1 << 20 // bytes
)

// Export writes a backup of a state.
func (s *State) Export(ctx context.Context, w io.Writer) error {
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
			err = s.exportPart(ctx, t, &s.Parts[i])
		}
	}
	if err == nil {
		err = t.Close()
	}
	if err != nil {
		return s.fail("export", err)
	}
	return nil
}

// exportPart packs a part twice: an archive in a tar has its size before it.
func (s *State) exportPart(ctx context.Context, t *tar.Writer, p *Part) error {
	size, err := s.pack(ctx, io.Discard, p)
	if err != nil {
		return err
	}
	if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: p.Dir + backupSuffix, Size: size.StreamBytes, Mode: 0o600}); err != nil {
		return err
	}
	_, err = s.pack(ctx, t, p)
	return err
}

func (s *State) pack(ctx context.Context, w io.Writer, p *Part) (layer.Info, error) {
	dir, err := s.openDir(p.Dir + "/" + upperDir)
	if err != nil {
		return layer.Info{}, err
	}
	defer dir.Close()
	return layer.Pack(ctx, w, dir, layer.PackOptions{Upper: true})
}

// Pack writes what was changed of the image, or of the host's own root, as the archive of
// a layer.
func (s *State) Pack(ctx context.Context, w io.Writer) (layer.Info, error) {
	p := s.part("/")
	if p == nil {
		return layer.Info{}, &Error{Op: "pack", Object: s.Name, Err: ErrNoImage, Hint: "it keeps changes of folders alone; jail state apply makes them there"}
	}
	i, err := s.pack(ctx, w, p)
	if err != nil {
		return i, s.fail("pack", err)
	}
	return i, nil
}

func (s *State) openDir(path string) (*os.File, error) {
	fd, err := unix.Openat(int(s.root.Fd()), path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// Import makes a state under a name of what a backup holds. The backup is as little
// trusted as what the state's programs have written: it is unpacked by a process that
// reaches nothing else.
func Import(ctx context.Context, store, name string, r io.Reader, c layer.Command) (*Record, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	t := tar.NewReader(r)
	rec, err := backedUp(t)
	if err != nil {
		return nil, &Error{Op: "import", Object: name, Err: err, Hint: "give it what jail state export has written"}
	}
	w := Want{Image: rec.Image, Ref: rec.Ref, User: rec.User, Bytes: rec.Bytes}
	if err := create(ctx, store, name, w); err != nil {
		return nil, err
	}
	err = restore(ctx, store, name, rec, t, c)
	if err != nil {
		return nil, errors.Join(err, Discard(context.WithoutCancel(ctx), store, name))
	}
	return Get(store, name)
}

// backedUp reads the record, which comes first.
func backedUp(t *tar.Reader) (*Record, error) {
	h, err := t.Next()
	if err != nil {
		return nil, err
	}
	if h.Name != backupRecord || h.Typeflag != tar.TypeReg || h.Size > mostRecord {
		return nil, ErrDamaged
	}
	r := &Record{}
	if err := json.NewDecoder(t).Decode(r); err != nil || r.Schema != Schema || !r.whole() || r.Bytes <= 0 {
		return nil, ErrDamaged
	}
	return r, nil
}

func restore(ctx context.Context, store, name string, rec *Record, t *tar.Reader, c layer.Command) error {
	s, err := take(ctx, store, name)
	if err != nil {
		return err
	}
	defer s.Close()
	s.Parts = rec.Parts
	for i := range s.Parts {
		if err := s.makePart(&s.Parts[i]); err != nil {
			return s.fail("import", err)
		}
	}
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return s.fail("import", err)
		}
		if err := s.restorePart(ctx, h, t, c); err != nil {
			return s.fail("import", err)
		}
	}
	s.Made = rec.Made
	if err := s.write(s.dir); err != nil {
		return s.fail("import", err)
	}
	return nil
}

func (s *State) restorePart(ctx context.Context, h *tar.Header, r io.Reader, c layer.Command) error {
	dir, named := strings.CutSuffix(h.Name, backupSuffix)
	known := false
	for i := range s.Parts {
		known = known || s.Parts[i].Dir == dir
	}
	if !named || !known || h.Typeflag != tar.TypeReg {
		return ErrDamaged
	}
	f, err := s.openDir(dir)
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
	return unix.Renameat2(at, layer.TreeDir, at, upperDir, 0)
}

// Used is how much a state takes of the host's disk, in bytes.
func Used(store, name string) (bytes int64, err error) {
	dir := filepath.Join(Dir(store), name)
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // a program has closed it
		}
		var st unix.Stat_t
		if unix.Lstat(path, &st) == nil {
			bytes += st.Blocks * 512
		}
		return nil
	})
	return bytes, err
}
