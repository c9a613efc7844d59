package layer

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"os"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"
)

// A skeleton is one zstd frame of
//
//	magic, and a record for each run of bytes that is no file's contents:
//	uvarint n, n bytes of the archive
//	uvarint p, p bytes of the path of the file whose contents follow them
//	uvarint of how many bytes these are, if p is not 0
//
// and at the end a record of two zeros.
const skeletonMagic = "jail.skeleton/v1\n"

// mostRun bounds a run; a longer one has more records.
const mostRun = 64 << 10

// skeletonWindow is what a decompressor must remember: enough for neighbouring
// headers.
const skeletonWindow = 256 << 10

// skeletonWriter writes a skeleton.
type skeletonWriter struct {
	file *os.File
	zip  *zstd.Encoder
	run  []byte
}

func newSkeleton(dir *os.File) (*skeletonWriter, error) {
	f, err := safepath.Beneath(int(dir.Fd()), SkeletonFile, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL)
	if err != nil {
		return nil, err
	}
	w, err := zstd.NewWriter(f, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(skeletonWindow), zstd.WithLowerEncoderMem(true))
	if err == nil {
		_, err = io.WriteString(w, skeletonMagic)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &skeletonWriter{f, w, make([]byte, 0, mostRun)}, nil
}

// bytes adds bytes of the archive.
func (w *skeletonWriter) bytes(b []byte) error {
	for len(b) > 0 {
		n := min(len(b), mostRun-len(w.run))
		w.run = append(w.run, b[:n]...)
		b = b[n:]
		if len(w.run) == mostRun {
			if err := w.record("", 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// contents adds a reference to a file of the tree.
func (w *skeletonWriter) contents(path string, size int64) error { return w.record(path, size) }

func (w *skeletonWriter) record(path string, size int64) error {
	head := binary.AppendUvarint(nil, uint64(len(w.run)))
	tail := append(binary.AppendUvarint(nil, uint64(len(path))), path...)
	if path != "" {
		tail = binary.AppendUvarint(tail, uint64(size)) // #nosec G115 -- of an entry: never negative
	}
	for _, b := range [...][]byte{head, w.run, tail} {
		if _, err := w.zip.Write(b); err != nil {
			return err
		}
	}
	w.run = w.run[:0]
	return nil
}

// end writes what is left.
func (w *skeletonWriter) end() error {
	if len(w.run) > 0 {
		if err := w.record("", 0); err != nil {
			return err
		}
	}
	if err := w.record("", 0); err != nil {
		return err
	}
	return w.zip.Close()
}

// close gives back what it holds; after end it changes nothing.
func (w *skeletonWriter) close() error {
	_ = w.zip.Close() // a second time it does nothing
	return w.file.Close()
}

// skeletonReader reads a skeleton.
type skeletonReader struct {
	file *os.File
	zip  *zstd.Decoder
	in   *bufio.Reader
	run  []byte
}

// A span is some bytes of an archive, and the file whose contents follow them.
type span struct {
	bytes []byte // hold until the next
	path  string // "": no contents follow
	size  int64
}

func openSkeleton(dir *os.File) (*skeletonReader, error) {
	f, err := safepath.Beneath(int(dir.Fd()), SkeletonFile, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(skeletonWindow))
	if err != nil {
		f.Close()
		return nil, err
	}
	r := &skeletonReader{f, z, bufio.NewReaderSize(z, mostRun), make([]byte, mostRun)}
	magic, err := r.take(uint64(len(skeletonMagic)))
	if err == nil && string(magic) != skeletonMagic {
		err = ErrSkeleton
	}
	if err != nil {
		r.close()
		return nil, damaged(err)
	}
	return r, nil
}

// next gives the next span, and io.EOF after the last.
func (r *skeletonReader) next() (span, error) {
	n, err := binary.ReadUvarint(r.in)
	if err != nil || n > mostRun {
		return span{}, damaged(err)
	}
	s := span{}
	if s.bytes, err = r.take(n); err != nil {
		return span{}, damaged(err)
	}
	p, err := binary.ReadUvarint(r.in)
	if err != nil || p > mostPath {
		return span{}, damaged(err)
	}
	if p == 0 {
		if n == 0 {
			return span{}, io.EOF
		}
		return s, nil
	}
	path := make([]byte, p)
	if _, err := io.ReadFull(r.in, path); err != nil {
		return span{}, damaged(err)
	}
	size, err := binary.ReadUvarint(r.in)
	if err != nil || size > 1<<62 {
		return span{}, damaged(err)
	}
	s.path, s.size = string(path), int64(size)
	return s, nil
}

func (r *skeletonReader) take(n uint64) ([]byte, error) {
	_, err := io.ReadFull(r.in, r.run[:n])
	return r.run[:n], err
}

func (r *skeletonReader) close() {
	r.zip.Close()
	r.file.Close()
}

// damaged says of any error of a skeleton that it is one.
func damaged(err error) error {
	if err == nil || errors.Is(err, ErrSkeleton) {
		return ErrSkeleton
	}
	return caused{ErrSkeleton, err}
}
