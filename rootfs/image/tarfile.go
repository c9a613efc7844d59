package image

import (
	"archive/tar"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path"

	"github.com/jailrun/jail/rootfs/digest"
)

// tarFiles are the files of a tar file, found without reading what they hold.
type tarFiles struct {
	file *os.File
	at   map[string]place
	sum  digest.Digest // of the whole file, if it was asked for
}

// place is where a file lies in a tar file.
type place struct {
	offset, size int64
	link         string        // it is a link to another, by its path in the file
	sum          digest.Digest // of a small file, where the whole was summed up
}

// mostFiles is how many an image in a tar file has at most. What has more is a root
// file system.
const mostFiles = 10_000

// index finds the files in a tar file; nil where it has too many to be an image. With
// sums the file is read to its end, and each small file in it is held to what it was
// then when it is read.
func index(f *os.File, sums bool) (*tarFiles, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	section := &positioned{r: io.NewSectionReader(f, 0, st.Size())}
	t := &tarFiles{file: f, at: map[string]place{}}
	var in io.Reader = section
	whole := sha256.New()
	if sums {
		in = io.TeeReader(struct{ io.Reader }{section}, whole) // it can't seek then, and all is read
	}
	archive := tar.NewReader(in)
	for len(t.at) <= mostFiles {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return t, t.finish(in, whole.Sum, sums)
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return nil, nil // what is wrong with it, who unpacks it says
		}
		if err := t.add(h, section.at, archive, sums); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (t *tarFiles) finish(in io.Reader, sum func([]byte) []byte, sums bool) error {
	if !sums {
		return nil
	}
	_, err := io.Copy(io.Discard, in)
	t.sum = digest.Digest(sum(nil))
	return err
}

func (t *tarFiles) add(h *tar.Header, offset int64, contents io.Reader, sums bool) error {
	name := path.Clean(h.Name)
	p := place{offset: offset, size: h.Size}
	switch h.Typeflag {
	case tar.TypeReg:
		if sums && h.Size <= mostJSON {
			sum := sha256.New()
			if _, err := io.Copy(sum, contents); err != nil {
				return err
			}
			p.sum = digest.Digest(sum.Sum(nil))
		}
	case tar.TypeSymlink:
		p.link = path.Join(path.Dir(name), h.Linkname) // #nosec G305 -- a key of this map, and no path of a file system
	case tar.TypeLink:
		p.link = path.Clean(h.Linkname)
	default:
		return nil
	}
	if _, twice := t.at[name]; twice && (name == layoutFile || name == indexFile || name == manifestFile) {
		return &Error{Op: "read", Object: name, Err: ErrDuplicate, Hint: "which of them is meant, nobody knows"}
	}
	t.at[name] = p
	return nil
}

// find follows the links by which old versions of docker name a layer that two images
// have.
func (t *tarFiles) find(name string) (place, bool) {
	const most = 8
	for range most {
		p, has := t.at[path.Clean(name)]
		if !has || p.link == "" {
			return p, has
		}
		name = p.link
	}
	return place{}, false
}

func (t *tarFiles) has(name string) bool {
	_, has := t.find(name)
	return has
}

func (t *tarFiles) size(name string) int64 {
	p, has := t.find(name)
	if !has {
		return -1
	}
	return p.size
}

func (t *tarFiles) open(name string) (io.ReadCloser, int64, error) {
	p, has := t.find(name)
	if !has {
		return nil, 0, &Error{Op: "read", Object: name, Err: ErrMissing, Hint: "get the image again"}
	}
	section := io.NewSectionReader(t.file, p.offset, p.size)
	if p.sum.IsZero() {
		return io.NopCloser(section), p.size, nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, section); err != nil {
		return nil, 0, err
	}
	if digest.Digest(sum.Sum(nil)) != p.sum {
		return nil, 0, &Error{Op: "read", Object: name, Err: ErrChanged, Hint: "try again"}
	}
	_, err := section.Seek(0, io.SeekStart)
	return io.NopCloser(section), p.size, err
}

// positioned knows where it is: archive/tar reads no byte ahead.
type positioned struct {
	r  *io.SectionReader
	at int64
}

func (p *positioned) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.at += int64(n)
	return n, err
}

func (p *positioned) Seek(offset int64, whence int) (int64, error) {
	at, err := p.r.Seek(offset, whence)
	p.at = at
	return at, err
}

// sumFile sums a file up.
func sumFile(f *os.File) (digest.Digest, error) {
	st, err := f.Stat()
	if err != nil {
		return digest.Digest{}, err
	}
	sum := sha256.New()
	_, err = io.Copy(sum, io.NewSectionReader(f, 0, st.Size()))
	return digest.Digest(sum.Sum(nil)), err
}
