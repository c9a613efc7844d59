package registry

import (
	"cmp"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/jailrun/jail/internal/size"
)

// A pull is one Pull under way.
type pull struct {
	Options
	ref    name.Reference
	puller *remote.Puller
	told   sync.Mutex // held while Progress is called
}

const parsing = "read the reference"

func newPull(reference string, o Options) (*pull, error) {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return nil, fail(parsing, reference, ErrReference)
	}
	if !o.Digest.IsZero() {
		if d, pinned := ref.(name.Digest); pinned && d.DigestStr() != o.Digest.String() {
			return nil, fail(parsing, reference, ErrDigest)
		}
		ref = ref.Context().Digest(o.Digest.String())
	}
	if d, pinned := ref.(name.Digest); pinned && !strings.HasPrefix(d.DigestStr(), "sha256:") {
		return nil, fail(parsing, reference, ErrReference)
	}
	p := &pull{Options: o, ref: ref}
	if err := p.fill(); err != nil {
		return nil, err
	}
	return p, p.connect()
}

// fill puts the defaults in.
func (p *pull) fill() error {
	l := &p.Limits
	if l.Bytes < 0 || l.Layers < 0 || l.Stall < 0 || l.Tries < 0 || l.Pause < 0 {
		return fail(parsing, p.ref.String(), ErrBadLimit)
	}
	l.Bytes = cmp.Or(l.Bytes, 16*size.GiB)
	l.Layers = cmp.Or(l.Layers, 128)
	l.Stall = cmp.Or(l.Stall, time.Minute)
	l.Tries = cmp.Or(l.Tries, 3)
	l.Pause = cmp.Or(l.Pause, time.Second)
	if p.Platform == (Platform{}) {
		p.Platform = Platform{OS: "linux", Architecture: runtime.GOARCH}
	}
	if p.Keychain == nil {
		p.Keychain = authn.DefaultKeychain
	}
	p.UserAgent = cmp.Or(p.UserAgent, "jail")
	return nil
}

func (p *pull) connect() (err error) {
	host := p.ref.Context().RegistryStr()
	g := &guard{inner: p.Transport}
	if p.AllowPlainHTTP {
		if !onLoopback(host) {
			return fail("connect to", host, ErrPlainHTTP)
		}
		g.plain = host
	}
	if g.inner == nil {
		g.inner = newTransport()
	}
	p.puller, err = remote.NewPuller(remote.WithTransport(g), remote.WithAuthFromKeychain(p.Keychain), remote.WithUserAgent(p.UserAgent),
		remote.WithRetryBackoff(remote.Backoff{Duration: p.Limits.Pause, Factor: 2, Jitter: 0.1, Steps: p.Limits.Tries}))
	if err != nil {
		return fail("connect to", host, err)
	}
	return nil
}

// onLoopback says whether a registry is at an address of the loopback, or called
// what is never anywhere else: RFC 6761, 6.3.
func onLoopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// newTransport is the standard one with an end to each wait.
func newTransport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = time.Minute
	return t
}

func (p *pull) tell(now Progress) {
	if p.Progress == nil {
		return
	}
	p.told.Lock()
	defer p.told.Unlock()
	p.Progress(now)
}
