package image

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/rootfs/layer"
	"golang.org/x/sys/unix"
)

// The kinds of sources.
const (
	kindLayout  = "OCI layout"
	kindDocker  = "docker archive"
	kindArchive = "archive"
	kindFolder  = "folder"
)

// open finds out what is at path, by what it holds. Where a key is given, it is not
// unpacked before its signature was read.
func open(ctx context.Context, path string, o *Options) (*source, error) {
	f, err := safepath.Find(path, nil)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return openFolder(ctx, f, path, o)
	}
	return openFile(path, o)
}

// openFolder takes a folder with an OCI layout for one, and any other as a root file
// system.
func openFolder(ctx context.Context, place *os.File, path string, o *Options) (*source, error) {
	dir, err := safepath.Beneath(int(place.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	s := &source{kind: kindFolder, opened: []io.Closer{dir}}
	files := &folderFiles{dir}
	if files.has(layoutFile) {
		s.kind = kindLayout
		err = s.readLayout(files, path, o)
	} else {
		err = s.packed(ctx, dir, o)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// packed reads a folder as the archive of its one layer.
func (s *source) packed(ctx context.Context, dir *os.File, o *Options) error {
	if o.Key != "" {
		return &Error{Op: "import", Object: dir.Name(), Err: ErrUnsigned, Hint: "a folder can't be signed: pack it by tar, and sign that"}
	}
	s.layers = []blob{{size: -1, open: func() (io.ReadCloser, error) {
		r, w := io.Pipe()
		go func() {
			_, err := layer.Pack(ctx, w, dir, layer.PackOptions{Owner: owners(), Except: o.Except, Limits: o.Limits})
			w.CloseWithError(err)
		}()
		return r, nil
	}}}
	return nil
}

// owners has what is the caller's own, who is not root, belong to root in the image:
// he is root in what he makes of it.
func owners() func(uid, gid uint32) (int, int, error) {
	me, mine := os.Geteuid(), os.Getegid()
	if me == 0 {
		return nil
	}
	return func(uid, gid uint32) (int, int, error) {
		u, g := int(uid), int(gid)
		if u == me {
			u = 0
		}
		if g == mine {
			g = 0
		}
		return u, g, nil
	}
}

// openFile takes a tar file with an image for one, and any other archive as a root file
// system.
func openFile(path string, o *Options) (*source, error) {
	f, err := safepath.OpenInput(path, nil)
	if err != nil {
		return nil, err
	}
	s := &source{opened: []io.Closer{f}}
	if err := s.read(f, path, o); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *source) read(f *os.File, path string, o *Options) error {
	format, err := detect(f)
	if err != nil {
		return err
	}
	if format != layer.Tar { // it is not decompressed here, where it is not confined
		return s.plain(f, path, o)
	}
	files, err := index(f, o.Key != "")
	switch {
	case err != nil:
		return err
	case files == nil:
	case files.has(layoutFile) && files.has(indexFile):
		s.kind = kindLayout
		return s.readLayout(files, path, o)
	case files.has(manifestFile):
		is, err := s.readDocker(files, path, o)
		if is || err != nil {
			return err
		}
	}
	return s.plain(f, path, o)
}

func detect(f *os.File) (layer.Format, error) {
	const block = 512
	head := make([]byte, block)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	format, err := layer.Detect(head[:n])
	if err != nil {
		return "", ErrKind
	}
	return format, nil
}

// plain takes an archive as the one layer of an image.
func (s *source) plain(f *os.File, path string, o *Options) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	b := blob{size: st.Size(), open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.NewSectionReader(f, 0, st.Size())), nil
	}}
	if o.Key != "" { // what is unpacked later must be what is signed
		if b.digest, err = sumFile(f); err != nil {
			return err
		}
		if err := checkSignature(o.Key, signatureBeside(path), b.digest); err != nil {
			return err
		}
	}
	s.kind, s.layers = kindArchive, []blob{b}
	return nil
}

// folderFiles are the files of an OCI layout in a folder.
type folderFiles struct{ dir *os.File }

func (f *folderFiles) has(name string) bool {
	file, err := safepath.Beneath(int(f.dir.Fd()), name, unix.O_RDONLY)
	if err == nil {
		file.Close()
	}
	return err == nil
}

func (f *folderFiles) open(name string) (io.ReadCloser, int64, error) {
	file, err := safepath.Beneath(int(f.dir.Fd()), name, unix.O_RDONLY)
	if errors.Is(err, unix.ENOENT) {
		err = &Error{Op: "read", Object: name, Err: ErrMissing, Hint: "get the image again"}
	}
	if err != nil {
		return nil, 0, err
	}
	st, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, st.Size(), nil
}

// files are those of an image, by their paths in it.
type files interface {
	has(name string) bool
	open(name string) (io.ReadCloser, int64, error)
}

// mostJSON is what the image specification has as the size that registries must take.
const mostJSON = 4 << 20

// readAll reads a file of JSON whole.
func readAll(from files, name string) ([]byte, error) {
	r, size, err := from.open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if size > mostJSON {
		return nil, &Error{Op: "read", Object: name, Err: ErrLarge, Hint: "it has 4 MiB at most"}
	}
	var b bytes.Buffer
	_, err = io.Copy(&b, io.LimitReader(r, mostJSON))
	return b.Bytes(), err
}
