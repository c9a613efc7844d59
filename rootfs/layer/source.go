package layer

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"sync/atomic"

	"github.com/jailrun/jail/rootfs/digest"
)

// source decompresses and sums an archive up in a goroutine of its own, ahead of
// whoever makes files of it: both take about as long.
type source struct {
	ctx    context.Context
	limits Limits
	came   counter
	format Format
	diff   hash.Hash   // nil: the archive is not compressed, and came has its sum
	free   chan []byte // buffers to fill; closed: no more are wanted
	filled chan piece  // in order
	done   chan struct{}

	left    []byte // of the piece that is being read
	whole   []byte // that piece
	err     error  // why there is no more
	read    int64  // bytes handed on
	claimed int64  // bytes that sparse files pretend to have
}

type piece struct {
	data []byte
	err  error
}

// So many pieces are on their way at most; each is large enough that handing it on
// costs nothing beside it.
const (
	pieces    = 6
	pieceSize = 256 << 10
)

// newSource begins to read. Close it.
func newSource(ctx context.Context, r io.Reader, o *Options) (*source, error) {
	s := &source{ctx: ctx, limits: o.Limits, came: counter{r: r}, free: make(chan []byte, pieces), filled: make(chan piece, pieces), done: make(chan struct{})}
	if !o.confined {
		s.came.sum = sha256.New()
	}
	d, format, err := decompressor(&s.came, o.MediaType)
	if err != nil {
		return nil, err
	}
	if s.format = format; format != Tar {
		s.diff = sha256.New()
	}
	for range pieces {
		s.free <- make([]byte, pieceSize)
	}
	go s.pump(d)
	return s, nil
}

// pump fills buffers until the archive ends or nobody wants more.
func (s *source) pump(d io.ReadCloser) {
	defer close(s.done)
	defer close(s.filled)
	defer d.Close()
	var total int64
	for buf := range s.free {
		n, err := io.ReadFull(d, buf)
		if errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, ErrTruncated) {
			err = io.EOF // only the buffer was not filled
		}
		if s.diff != nil {
			s.diff.Write(buf[:n])
		}
		total += int64(n)
		if e := s.bound(total); e != nil {
			err = e
		}
		s.filled <- piece{buf[:n], err}
		if err != nil {
			return
		}
	}
}

// bound holds what the archive has grown to against what came.
func (s *source) bound(total int64) error {
	switch {
	case s.ctx.Err() != nil:
		return s.ctx.Err()
	case total > s.limits.Bytes:
		return ErrTooLarge
	case total > s.limits.Slack && total/s.limits.Ratio > s.came.n.Load():
		return ErrRatio
	}
	return nil
}

// close waits for the goroutine, which may wait for a reader's last Read.
func (s *source) close() {
	close(s.free)
	for range s.filled { // it waits for nobody then
	}
	<-s.done
}

// next gives up to most bytes, which hold until the next call. At the end it gives
// none, and io.EOF.
func (s *source) next(most int64) ([]byte, error) {
	for len(s.left) == 0 {
		if s.err != nil {
			return nil, s.err
		}
		s.fetch()
	}
	b := s.left[:min(int64(len(s.left)), most)]
	s.left = s.left[len(b):]
	s.read += int64(len(b))
	return b, nil
}

func (s *source) fetch() {
	if s.whole != nil {
		s.free <- s.whole[:pieceSize]
		s.whole = nil
	}
	p := <-s.filled
	s.whole, s.left, s.err = p.data[:pieceSize], p.data, p.err
}

// claim counts what a sparse file pretends to have.
func (s *source) claim(n int64) error {
	s.claimed += n
	return s.bound(s.read + s.claimed)
}

// sums gives the digests, when all was read. Without the blob's, which another has
// then, that of an archive that is not compressed is not known here either.
func (s *source) sums() (blob, diff digest.Digest) {
	if s.came.sum != nil {
		s.came.sum.Sum(blob[:0])
	}
	if s.diff == nil {
		return blob, blob
	}
	s.diff.Sum(diff[:0])
	return blob, diff
}

// counter counts and sums up what comes.
type counter struct {
	r   io.Reader
	n   atomic.Int64
	sum hash.Hash // nil: no sum is wanted
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.sum != nil {
		c.sum.Write(p[:n])
	}
	c.n.Add(int64(n))
	return n, err
}
