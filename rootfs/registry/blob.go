package registry

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/jailrun/jail/internal/draft"
	"github.com/jailrun/jail/rootfs/digest"
	"golang.org/x/sys/unix"
)

// atOnce is how many blobs are fetched at a time.
const atOnce = 3

// blobs fetches all blobs of an image. The first error ends them all.
func (p *pull) blobs(ctx context.Context, l *layout, m *manifest) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan v1.Descriptor)
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for d := range queue {
				if err := p.blob(ctx, l, d); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, d := range distinct(m.all()) {
		queue <- d
	}
	close(queue)
	all.Wait()
	var first *Error
	if cause := context.Cause(ctx); errors.As(cause, &first) {
		return first
	} else if cause != nil {
		return fail(fetching, p.ref.String(), cause)
	}
	return l.checkConfig(p, m)
}

// distinct are the blobs without those that come twice, as empty layers do.
func distinct(all []v1.Descriptor) (some []v1.Descriptor) {
	seen := map[v1.Hash]bool{}
	for _, d := range all {
		if !seen[d.Digest] {
			seen[d.Digest] = true
			some = append(some, d)
		}
	}
	return some
}

const fetchingBlob = "fetch the blob"

// blob fetches a blob, and tries again what another time may mend.
func (p *pull) blob(ctx context.Context, l *layout, d v1.Descriptor) error {
	pause := p.Limits.Pause
	for try := 1; ; try++ {
		err := p.once(ctx, l, d)
		if err == nil {
			return nil
		}
		if try >= p.Limits.Tries || ctx.Err() != nil || !mendable(err) {
			return fail(fetchingBlob, d.Digest.String(), err)
		}
		select {
		case <-ctx.Done():
			return fail(fetchingBlob, d.Digest.String(), ctx.Err())
		case <-time.After(pause):
			pause *= 2
		}
	}
}

// mendable says whether the next try may have another end: not with a wrong
// digest, a full disk, or what a registry says of the request itself.
func mendable(err error) bool {
	var answer *transport.Error
	var errno unix.Errno
	switch {
	case errors.Is(err, ErrDigest), errors.Is(err, ErrSize):
		return false
	case errors.As(err, &answer):
		return answer.Temporary() || answer.StatusCode >= 500
	case errors.As(err, &errno):
		return errno != unix.ENOSPC && errno != unix.EDQUOT && errno != unix.EIO
	}
	return true
}

// once fetches a blob to a draft, which gets its name if it is what it should be.
func (p *pull) once(ctx context.Context, l *layout, d v1.Descriptor) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	clock := time.AfterFunc(p.Limits.Stall, func() { cancel(ErrStalled) })
	defer clock.Stop()
	layer, err := p.puller.Layer(ctx, p.ref.Context().Digest(d.Digest.String()))
	if err != nil {
		return stalled(ctx, err)
	}
	from, err := layer.Compressed()
	if err != nil {
		return stalled(ctx, err)
	}
	defer from.Close()
	return p.write(ctx, l, d, &ticking{from, clock, p.Limits.Stall})
}

// stalled says why a context was ended.
func stalled(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, ErrStalled) {
		return cause
	}
	return err
}

// ticking sets the clock anew with each byte that comes.
type ticking struct {
	io.Reader
	clock *time.Timer
	stall time.Duration
}

func (t *ticking) Read(b []byte) (int, error) {
	n, err := t.Reader.Read(b)
	if n > 0 {
		t.clock.Reset(t.stall)
	}
	return n, err
}

func (p *pull) write(ctx context.Context, l *layout, d v1.Descriptor, from io.Reader) error {
	file, err := draft.New(l.blobs, 0o644)
	if err != nil {
		return err
	}
	defer file.Drop()
	sum := sha256.New()
	want, err := digest.Parse(d.Digest.String())
	if err != nil {
		return err
	}
	n, err := io.Copy(io.MultiWriter(file.File, sum, &counter{p, Progress{want, 0, d.Size}}), io.LimitReader(from, d.Size+1))
	switch {
	case n > d.Size:
		return ErrSize
	case n == d.Size && digest.Digest(sum.Sum(nil)) != want:
		return ErrDigest
	case err != nil && n < d.Size:
		return stalled(ctx, err)
	case n < d.Size:
		return fmt.Errorf("%w: %d of %d bytes", io.ErrUnexpectedEOF, n, d.Size)
	}
	if err := file.Publish(want.Hex()); err != nil && !errors.Is(err, unix.EEXIST) {
		return err
	}
	return nil
}

// counter tells how far a blob is.
type counter struct {
	pull *pull
	at   Progress
}

func (c *counter) Write(b []byte) (int, error) {
	c.at.Done += int64(len(b))
	c.pull.tell(c.at)
	return len(b), nil
}

// checkConfig holds the configuration to the manifest and to the platform that was
// asked for: an image without an index has no other word on it.
func (l *layout) checkConfig(p *pull, m *manifest) error {
	raw, err := l.read(m.Config.Digest.Hex)
	if err != nil {
		return fail(writing, l.dir, err)
	}
	var c v1.ConfigFile
	if err := json.Unmarshal(raw, &c); err != nil || len(c.RootFS.DiffIDs) != len(m.Layers) {
		return fail(fetchingBlob, m.Config.Digest.String(), ErrManifest)
	}
	if !p.Platform.has(&v1.Platform{OS: c.OS, Architecture: c.Architecture, Variant: c.Variant}) {
		return fail(fetching, p.ref.String(), fmt.Errorf("%w %s; it is for %q", ErrPlatform, p.Platform, c.OS+"/"+c.Architecture))
	}
	return nil
}
