package registry

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	oci "github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/jailrun/jail/rootfs/digest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// amd64 is asked for in all tests, wherever they are run.
var amd64 = Platform{OS: "linux", Architecture: "amd64"}

// A shop is a registry on the loopback, whose answers a test may spoil.
type shop struct {
	*httptest.Server
	host  string
	spoil func(w http.ResponseWriter, r *http.Request) bool // true: it has answered
	mu    sync.Mutex
	asked map[string]int
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{asked: map[string]int{}}
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked[r.Method+" "+r.URL.Path]++
		spoil := s.spoil
		s.mu.Unlock()
		if spoil == nil || !spoil(w, r) {
			inner.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	s.host = strings.TrimPrefix(s.URL, "http://")
	return s
}

func (s *shop) spoiled(by func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spoil = by
}

// image is one with layers of random bytes.
func image(t *testing.T, arch string, layers int) v1.Image {
	t.Helper()
	img, err := random.Image(100_000, int64(layers))
	must(t, err)
	c, err := img.ConfigFile()
	must(t, err)
	c.OS, c.Architecture = "linux", arch
	img, err = mutate.ConfigFile(img, c)
	must(t, err)
	return img
}

func (s *shop) push(t *testing.T, at string, img v1.Image) v1.Hash {
	t.Helper()
	ref, err := name.ParseReference(s.host + "/" + at)
	must(t, err)
	must(t, remote.Write(ref, img))
	h, err := img.Digest()
	must(t, err)
	return h
}

func options() Options {
	return Options{Platform: amd64, AllowPlainHTTP: true, Keychain: authn.NewMultiKeychain(), Limits: Limits{Pause: time.Millisecond}}
}

func (s *shop) pull(t *testing.T, at string, o Options) (Image, string, error) {
	t.Helper()
	dir := t.TempDir()
	i, err := Pull(t.Context(), s.host+"/"+at, dir, o)
	return i, dir, err
}

// whole says that a layout is one by another's reading.
func whole(t *testing.T, dir string, want v1.Hash) {
	t.Helper()
	leadsTo(t, dir, want, want)
}

// leadsTo says that its index names what the reference did, and that it has an image.
func leadsTo(t *testing.T, dir string, named, want v1.Hash) {
	t.Helper()
	p, err := oci.FromPath(dir)
	must(t, err)
	index, err := p.ImageIndex()
	must(t, err)
	m, err := index.IndexManifest()
	must(t, err)
	if len(m.Manifests) != 1 || m.Manifests[0].Digest != named {
		t.Fatalf("the index has %v, not %s", m.Manifests, named)
	}
	img, err := imageIn(p, index, named, want)
	must(t, err)
	must(t, validate.Image(img))
}

func imageIn(p oci.Path, index v1.ImageIndex, named, want v1.Hash) (v1.Image, error) {
	if named == want {
		return p.Image(want)
	}
	nested, err := index.ImageIndex(named)
	if err != nil {
		return nil, err
	}
	return nested.Image(want)
}

// unmade says that a layout is none.
func unmade(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(dir + "/index.json"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("index.json: %v", err)
	}
	blobs, err := filepath.Glob(dir + "/blobs/sha256/.*")
	if err != nil || len(blobs) > 0 {
		t.Errorf("%q are left, %v", blobs, err)
	}
}

func TestAnImageBecomesALayout(t *testing.T) {
	s := newShop(t)
	h := s.push(t, "team/app:1", image(t, "amd64", 3))
	var last Progress
	o := options()
	o.Progress = func(p Progress) {
		if p.Done > p.Total {
			t.Errorf("%+v", p)
		}
		last = p
	}
	for _, ref := range []string{"team/app:1", "team/app@" + h.String(), "team/app:1@" + h.String()} {
		i, dir, err := s.pull(t, ref, o)
		must(t, err)
		whole(t, dir, h)
		if i.Manifest.String() != h.String() || i.Layers != 3 || i.Bytes < 300_000 || i.Reference != s.host+"/team/app@"+h.String() || last.Done == 0 {
			t.Errorf("%+v, %+v", i, last)
		}
	}
	o.Digest = must1(t)(digest.Parse(h.String()))
	_, dir, err := s.pull(t, "team/app", o)
	must(t, err)
	whole(t, dir, h)
	if _, err := Pull(t.Context(), s.host+"/team/app:1", dir, options()); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("a folder that has one: %v", err)
	}
}

func must1(t *testing.T) func(digest.Digest, error) digest.Digest {
	return func(d digest.Digest, err error) digest.Digest {
		t.Helper()
		must(t, err)
		return d
	}
}

func TestTheImageOfThePlatformIsChosen(t *testing.T) {
	s := newShop(t)
	var index v1.ImageIndex = empty.Index
	images := map[string]v1.Image{}
	for _, arch := range []string{"arm64", "amd64", "riscv64"} {
		images[arch] = image(t, arch, 1)
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: images[arch], Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}}})
	}
	ref, err := name.ParseReference(s.host + "/multi:1")
	must(t, err)
	must(t, remote.WriteIndex(ref, index))
	sum, err := index.Digest()
	must(t, err)
	for arch, img := range images {
		o := options()
		o.Platform = Platform{OS: "linux", Architecture: arch}
		i, dir, err := s.pull(t, "multi@"+sum.String(), o)
		must(t, err)
		h, err := img.Digest()
		must(t, err)
		leadsTo(t, dir, sum, h)
		if i.Index.String() != sum.String() {
			t.Errorf("%s is from %s", arch, i.Index)
		}
	}
	o := options()
	o.Platform = Platform{OS: "plan9", Architecture: "amd64"}
	if _, _, err := s.pull(t, "multi:1", o); !errors.Is(err, ErrPlatform) || !strings.Contains(err.Error(), "linux/riscv64") {
		t.Error(err)
	}
	s.push(t, "single:1", images["arm64"])
	if _, dir, err := s.pull(t, "single:1", options()); !errors.Is(err, ErrPlatform) {
		t.Error(err)
	} else {
		unmade(t, dir)
	}
}

func TestWhatCannotBeUnpackedIsRefused(t *testing.T) {
	s := newShop(t)
	layered := func(kind types.MediaType) v1.Image {
		img, err := mutate.AppendLayers(image(t, "amd64", 1), static.NewLayer([]byte("x"), kind))
		must(t, err)
		return img
	}
	for kind, want := range map[types.MediaType]error{
		types.DockerForeignLayer: ErrForeign, types.OCIRestrictedLayer: ErrForeign, "application/x-strange\x1b": ErrMediaType,
		types.OCILayerZStd: nil, types.OCIUncompressedLayer: nil,
	} {
		ref, err := name.ParseReference(s.host + "/odd:1")
		must(t, err)
		must(t, remote.Write(ref, layered(kind), remote.WithNondistributable))
		_, dir, err := s.pull(t, "odd:1", options())
		if !errors.Is(err, want) || want == nil && err != nil || err != nil && strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: %v, not %v", kind, err, want)
		}
		if want != nil {
			unmade(t, dir)
		}
	}
	s.push(t, "artifact:1", mutate.ConfigMediaType(image(t, "amd64", 1), "application/vnd.chart"))
	if _, _, err := s.pull(t, "artifact:1", options()); !errors.Is(err, ErrMediaType) {
		t.Errorf("an artifact: %v", err)
	}
}

func TestADocumentThatMayMeanTwoThingsIsRefused(t *testing.T) {
	s := newShop(t)
	s.push(t, "app:1", image(t, "amd64", 1))
	for body, want := range map[string]struct {
		kind types.MediaType
		err  error
	}{
		`{"schemaVersion":1,"fsLayers":[]}`:                                                            {types.DockerManifestSchema1, ErrSchema1},
		`{"schemaVersion":1,"fsLayers":[],"signatures":[]}`:                                            {types.DockerManifestSchema1Signed, ErrSchema1},
		`{"schemaVersion":2,"mediaType":"` + string(types.OCIImageIndex) + `","manifests":[]}`:         {types.OCIManifestSchema1, ErrMediaType},
		`{"schemaVersion":2,"manifests":[],"layers":[]}`:                                               {types.OCIManifestSchema1, ErrManifest},
		`{"schemaVersion":2,"manifests":[{}]}`:                                                         {types.OCIManifestSchema1, ErrManifest},
		`{"schemaVersion":1,"config":{"mediaType":"` + string(types.OCIConfigJSON) + `"},"layers":[]}`: {types.OCIManifestSchema1, ErrManifest},
		`nonsense`: {types.OCIManifestSchema1, ErrManifest},
		`{"schemaVersion":2,"config":{"mediaType":"` + string(types.OCIConfigJSON) + `","digest":"md5:00","size":1},"layers":[]}`: {types.OCIManifestSchema1, ErrManifest},
		`{}`:                                    {"text/html", ErrMediaType},
		strings.Repeat(" ", mostWords+1) + `{}`: {types.OCIManifestSchema1, ErrTooLarge},
	} {
		s.spoiled(func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, "/manifests/") {
				w.Header().Set("Content-Type", string(want.kind))
				_, _ = io.WriteString(w, body)
				return true
			}
			return false
		})
		if _, dir, err := s.pull(t, "app:1", options()); !errors.Is(err, want.err) {
			t.Errorf("%.60s: %v, not %v", body, err, want.err)
		} else {
			unmade(t, dir)
		}
	}
}

func TestLimitsHold(t *testing.T) {
	s := newShop(t)
	s.push(t, "app:1", image(t, "amd64", 3))
	for _, tc := range []struct {
		limits Limits
		want   error
	}{{Limits{Bytes: 1000}, ErrTooLarge}, {Limits{Layers: 2}, ErrTooLarge}, {Limits{Layers: 3}, nil}, {Limits{Bytes: -1}, ErrBadLimit}, {Limits{Tries: -1}, ErrBadLimit}} {
		o := options()
		o.Limits = tc.limits
		if _, _, err := s.pull(t, "app:1", o); !errors.Is(err, tc.want) || tc.want == nil && err != nil {
			t.Errorf("%+v: %v", tc.limits, err)
		}
	}
}

func TestAWrongDigestIsNeverWritten(t *testing.T) {
	s := newShop(t)
	img := image(t, "amd64", 2)
	h := s.push(t, "app:1", img)
	other := s.push(t, "other:1", image(t, "amd64", 1))
	manifest, err := img.RawManifest()
	must(t, err)
	s.spoiled(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/manifests/"+other.String()) {
			w.Header().Set("Content-Type", string(types.DockerManifestSchema2))
			_, _ = w.Write(manifest)
			return true
		}
		return false
	})
	if _, dir, err := s.pull(t, "app@"+other.String(), options()); !errors.Is(err, ErrDigest) {
		t.Errorf("a manifest that is another's: %v", err)
	} else {
		unmade(t, dir)
	}
	o := options()
	o.Digest = must1(t)(digest.Parse(other.String()))
	if _, _, err := s.pull(t, "app@"+h.String(), o); !errors.Is(err, ErrDigest) {
		t.Errorf("two digests: %v", err)
	}
	s.spoiled(flip)
	_, dir, err := s.pull(t, "app:1", options())
	if !errors.Is(err, ErrDigest) {
		t.Errorf("blobs that are changed: %v", err)
	}
	unmade(t, dir)
}

// flip serves blobs of the right length and wrong bytes.
func flip(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/blobs/") {
		return false
	}
	var m v1.Manifest
	resp, err := http.Get("http://" + r.Host + strings.Split(r.URL.Path, "/blobs/")[0] + "/manifests/1") // #nosec G107 -- the test's own
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	_ = json.NewDecoder(resp.Body).Decode(&m)
	for _, d := range append(m.Layers, m.Config) {
		if strings.HasSuffix(r.URL.Path, d.Digest.String()) {
			_, _ = w.Write(make([]byte, d.Size))
		}
	}
	return true
}

func TestWhatAnotherTryMendsIsTriedAgainAndNotForEver(t *testing.T) {
	s := newShop(t)
	h := s.push(t, "app:1", image(t, "amd64", 2))
	for what, spoil := range map[string]http.HandlerFunc{
		"a server's error": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"a truncated blob": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "short")
		},
		"a connection that is cut": func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) },
	} {
		for _, broken := range []int{2, 1 << 30} { // times in all
			var mu sync.Mutex
			left := broken
			s.spoiled(func(w http.ResponseWriter, r *http.Request) bool {
				mu.Lock()
				defer mu.Unlock()
				if left == 0 || !strings.Contains(r.URL.Path, "/blobs/") {
					return false
				}
				left--
				spoil(w, r)
				return true
			})
			_, dir, err := s.pull(t, "app:1", options())
			if broken == 2 {
				must(t, err)
				whole(t, dir, h)
				continue
			}
			if err == nil {
				t.Errorf("%s for ever is an image", what)
			}
			unmade(t, dir)
		}
	}
}

func TestABlobThatStallsIsGivenUp(t *testing.T) {
	s := newShop(t)
	s.push(t, "app:1", image(t, "amd64", 1))
	s.spoiled(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/blobs/") {
			return false
		}
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		return true
	})
	o := options()
	o.Limits.Stall, o.Limits.Tries = 50*time.Millisecond, 2
	if _, _, err := s.pull(t, "app:1", o); !errors.Is(err, ErrStalled) {
		t.Error(err)
	}
}

func TestCredentialsAreThoseOfTheConfiguration(t *testing.T) {
	s := newShop(t)
	h := s.push(t, "private:1", image(t, "amd64", 1))
	s.spoiled(func(w http.ResponseWriter, r *http.Request) bool {
		if user, password, ok := r.BasicAuth(); ok && user == "me" && password == "pass" {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="shop"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	if _, _, err := s.pull(t, "private:1", options()); err == nil || !strings.Contains(err.Error(), "docker login") {
		t.Errorf("nobody: %v", err)
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("DOCKER_CONFIG", home)
	t.Setenv("XDG_RUNTIME_DIR", home)
	o := options()
	o.Keychain = nil
	must(t, os.WriteFile(home+"/config.json", []byte(`{"auths":{"`+s.host+`":{"auth":"bWU6cGFzcw=="}}}`), 0o600))
	_, dir, err := s.pull(t, "private:1", o)
	must(t, err)
	whole(t, dir, h)
	helper := "#!/bin/sh\necho '{\"ServerURL\":\"x\",\"Username\":\"me\",\"Secret\":\"pass\"}'\n"
	must(t, os.WriteFile(home+"/docker-credential-shop", []byte(helper), 0o700))
	must(t, os.WriteFile(home+"/config.json", []byte(`{"credHelpers":{"`+s.host+`":"shop"}}`), 0o600))
	t.Setenv("PATH", home+":"+os.Getenv("PATH"))
	_, dir, err = s.pull(t, "private:1", o)
	must(t, err)
	whole(t, dir, h)
}

func TestNothingIsAskedWithoutTLSUnlessItIsAllowed(t *testing.T) {
	s := newShop(t)
	s.push(t, "app:1", image(t, "amd64", 1))
	s.mu.Lock()
	clear(s.asked)
	s.mu.Unlock()
	o := options()
	o.AllowPlainHTTP, o.Limits.Tries = false, 1
	if _, _, err := s.pull(t, "app:1", o); err == nil || !strings.Contains(err.Error(), "TLS") {
		t.Errorf("%v", err)
	}
	if len(s.asked) > 0 {
		t.Errorf("it was asked %v", s.asked)
	}
	o.AllowPlainHTTP = true
	for _, host := range []string{"registry.example", "10.0.0.1:5000", "192.168.1.1", "localhost.evil.example"} {
		if _, err := Pull(t.Context(), host+"/app:1", t.TempDir(), o); !errors.Is(err, ErrPlainHTTP) {
			t.Errorf("%s: %v", host, err)
		}
	}
	seen := ""
	g := &guard{plain: "127.0.0.1:1", inner: trip(func(r *http.Request) { seen = r.URL.Scheme })}
	for url, want := range map[string]string{"http://127.0.0.1:1/v2/": "http", "http://10.0.0.1/v2/": "https", "http://127.0.0.1:2/v2/": "https", "https://a/": "https"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		must(t, err)
		_, _ = g.RoundTrip(r)
		if seen != want || !strings.HasPrefix(url, r.URL.Scheme) {
			t.Errorf("%s is asked by %s", url, seen)
		}
	}
}

type trip func(*http.Request)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) {
	f(r)
	return nil, io.EOF
}

func TestARegistryWithACertificateIsSpokenToByTLS(t *testing.T) {
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewTLSServer(inner)
	defer server.Close()
	ref, err := name.ParseReference(strings.TrimPrefix(server.URL, "https://") + "/app:1")
	must(t, err)
	img := image(t, "amd64", 1)
	must(t, remote.Write(ref, img, remote.WithTransport(server.Client().Transport)))
	o := options()
	o.AllowPlainHTTP, o.Transport = false, server.Client().Transport
	dir := t.TempDir()
	_, err = Pull(t.Context(), ref.String(), dir, o)
	must(t, err)
	h, err := img.Digest()
	must(t, err)
	whole(t, dir, h)
}

func TestTwoPullsAtOnceDisturbNeither(t *testing.T) {
	s := newShop(t)
	h := s.push(t, "app:1", image(t, "amd64", 4))
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			_, dir, err := s.pull(t, "app:1", options())
			if err != nil {
				t.Error(err)
				return
			}
			whole(t, dir, h)
		})
	}
	all.Wait()
}

func TestWhatIsNoReferenceIsSaid(t *testing.T) {
	for _, ref := range []string{"", "UPPER", "a b", "app@sha256:00", "app@sha512:" + strings.Repeat("0", 128), "-x\x1b"} {
		_, err := Pull(t.Context(), ref, t.TempDir(), options())
		if !errors.Is(err, ErrReference) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q: %v", ref, err)
		}
	}
	s := newShop(t)
	if _, _, err := s.pull(t, "absent:1", options()); err == nil || !strings.Contains(err.Error(), "check the name") {
		t.Errorf("%v", err)
	}
}
