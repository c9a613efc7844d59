package registry

import (
	"io"
	"net/http"
	"strings"
)

// mostWords bounds all that is not a blob: manifests, tokens, errors. The
// distribution specification has registries take manifests of 4 MiB.
const mostWords = 4 << 20

// A guard speaks TLS with all but one host, and bounds what is read into memory.
//
// The client library would speak plain HTTP with any registry at a private
// address, and with its mirrors.
type guard struct {
	inner http.RoundTripper
	plain string // the host that may be spoken to without TLS
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != g.plain {
		r = r.Clone(r.Context())
		r.URL.Scheme = "https"
	}
	answer, err := g.inner.RoundTrip(r)
	if err == nil && !isBlob(r) {
		answer.Body = &words{ReadCloser: answer.Body, left: mostWords}
	}
	return answer, err
}

// isBlob says whether a request is for a blob, or for where it has led to.
func isBlob(r *http.Request) bool {
	for r != nil {
		if strings.Contains(r.URL.Path, "/blobs/") {
			return true
		}
		if r.Response == nil {
			return false
		}
		r = r.Response.Request
	}
	return false
}

// words is a body that is read into memory.
type words struct {
	io.ReadCloser
	left int64
}

func (w *words) Read(b []byte) (int, error) {
	if w.left <= 0 {
		return 0, ErrTooLarge
	}
	n, err := w.ReadCloser.Read(b[:min(int64(len(b)), w.left)])
	w.left -= int64(n)
	return n, err
}
