// Package registry fetches images from registries, as a folder in the OCI image
// layout from which they are imported.
//
// What a registry says is held to its digests and to limits while it is written.
// It serves cmd/jaild alone: what it links would cost each start of jail.
package registry

import (
	"context"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/rootfs/digest"
)

// Options says what to fetch, and how. The zero value is for this machine, with
// TLS, the credentials of Docker's and Podman's configuration and default limits.
type Options struct {
	Platform Platform      // the zero value: Linux on this machine
	Digest   digest.Digest // what the reference must lead to, an image or index; none: what the reference says
	Limits   Limits

	// AllowPlainHTTP: a registry on the loopback may be spoken to without TLS.
	// With any other it is an error.
	AllowPlainHTTP bool

	// Keychain has the credentials; nil: those in config.json of $DOCKER_CONFIG or
	// ~/.docker, by its credential helpers too, or in Podman's auth.json.
	Keychain authn.Keychain

	// Transport carries the requests; nil: the system's certificates, and the proxy
	// that the environment names.
	Transport http.RoundTripper

	// UserAgent is what the registry is told; "": jail.
	UserAgent string

	// Progress is told of each blob as it comes, by one goroutine at a time.
	Progress func(Progress)
}

// Limits bounds an image. Zero is the default.
type Limits struct {
	Bytes  size.Bytes    // of all blobs, as they are transferred: 16G
	Layers int           // 128
	Stall  time.Duration // without a byte: 1m
	Tries  int           // of each blob: 3
	Pause  time.Duration // before another try, and twice that before a third: 1s
}

// Progress is how far a blob is.
type Progress struct {
	Blob        digest.Digest
	Done, Total int64 // bytes; Done falls when a blob is fetched anew
}

// An Image is what was fetched.
type Image struct {
	Reference string        // its full name, with the digest that it had
	Index     digest.Digest // of the index that it was chosen from; none if there was none
	Manifest  digest.Digest
	ID        digest.Digest // of its configuration
	Layers    int
	Bytes     int64 // of all blobs
}

// Pull fetches the image that a reference names, NAME[:TAG][@sha256:…], to an
// existing folder of the caller's own, as an OCI image layout. Of an index for
// several platforms the layout has the index, and of its images the one. It is whole
// once its index.json is there; that of a Pull with an error is not.
//
// Each blob has the digest and size that its manifest says, and the manifest the
// digest of the reference or the index. What is not an image of layers that can be
// unpacked is refused. Each blob is tried a few times; the context bounds it all.
//
// The error is an *Error.
func Pull(ctx context.Context, reference, dir string, o Options) (Image, error) {
	p, err := newPull(reference, o)
	if err != nil {
		return Image{}, err
	}
	m, err := p.resolve(ctx)
	if err != nil {
		return Image{}, err
	}
	l, err := openLayout(dir)
	if err != nil {
		return Image{}, err
	}
	defer l.close()
	if err := p.blobs(ctx, l, m); err != nil {
		return Image{}, err
	}
	return m.image(p), l.finish(m)
}
