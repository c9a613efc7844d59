package main

import (
	"archive/tar"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/rootfs/image"
	"github.com/jailrun/jail/rootfs/layer"
	"github.com/jailrun/jail/rootfs/store"
	"golang.org/x/mod/sumdb/note"
)

// shop is a registry on the loopback with the image app:1, which has one file.
func shop(t *testing.T) (host string, img v1.Image) {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	host = strings.TrimPrefix(server.URL, "http://")
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	must(t, w.WriteHeader(&tar.Header{Name: "hello", Mode: 0o644, Size: 5, Typeflag: tar.TypeReg}))
	_, err := w.Write([]byte("world"))
	must(t, err)
	must(t, w.Close())
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
	must(t, err)
	img, err = mutate.AppendLayers(empty.Image, l)
	must(t, err)
	c, err := img.ConfigFile()
	must(t, err)
	c.OS, c.Architecture = "linux", "amd64"
	img, err = mutate.ConfigFile(img, c)
	must(t, err)
	ref, err := name.ParseReference(host + "/app:1")
	must(t, err)
	must(t, remote.Write(ref, img))
	t.Setenv(store.Variable, t.TempDir()+"/store")
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	return host, img
}

// built is jaild as it is built for release: a program that links C's library, as
// this test may, can't give up a capability in all of its threads.
func built(t *testing.T) string {
	t.Helper()
	path := t.TempDir() + "/jaild"
	c := exec.Command("go", "build", "-o", path, ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

func pulledBy(t *testing.T, unpacker string, args ...string) (string, error) {
	t.Helper()
	r, err := parsePull(append([]string{"--plain-http", "--platform", "linux/amd64"}, args...))
	must(t, err)
	r.unpacker = layer.Command{Path: unpacker, Args: []string{layer.UnpackerName}}
	var out bytes.Buffer
	err = r.run(t.Context(), &out)
	return out.String(), err
}

// stored is what the store has of an image's one file.
func stored(t *testing.T, ref string) (string, error) {
	t.Helper()
	s, err := store.Open(store.Options{})
	must(t, err)
	defer s.Close()
	i, err := s.Use(ref)
	if err != nil {
		return "", err
	}
	defer i.Close()
	b, err := os.ReadFile(i.Layers[0].Dir + "/hello")
	return string(b), err
}

func TestWhatIsPulledIsInTheStore(t *testing.T) {
	needsUserNS(t)
	host, img := shop(t)
	jaild := built(t)
	out, err := pulledBy(t, jaild, host+"/app:1")
	must(t, err)
	if got, err := stored(t, host+"/app:1"); got != "world" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if !strings.HasPrefix(out, host+"/app:1 sha256:") {
		t.Error(out)
	}
	h, err := img.Digest()
	must(t, err)
	out, err = pulledBy(t, jaild, "--json", host+"/app@"+h.String(), "other:2")
	must(t, err)
	var p pulled
	must(t, json.Unmarshal([]byte(out), &p))
	if p.Manifest.String() != h.String() || p.Name != "other:2" || !p.Layers[0].Present {
		t.Errorf("%+v", p)
	}
	left, err := filepath.Glob(os.Getenv(store.Variable) + "/tmp/*")
	if err != nil || len(left) > 0 {
		t.Errorf("%q are left, %v", left, err)
	}
}

// needsUserNS skips a test where the host forbids what the unpacker is confined by.
func needsUserNS(t *testing.T) {
	t.Helper()
	f, err := host.Probe()
	must(t, err)
	if !f.UserNS {
		t.Skip("feature user namespaces: this host makes none")
	}
}

func TestNothingIsUnpackedThatIsNotSigned(t *testing.T) {
	needsUserNS(t)
	host, img := shop(t)
	dir, jaild := t.TempDir(), built(t)
	keys := func(name string) (signer note.Signer, file string) {
		secret, public, err := note.GenerateKey(rand.Reader, name)
		must(t, err)
		signer, err = note.NewSigner(secret)
		must(t, err)
		must(t, os.WriteFile(dir+"/"+name+".pub", []byte(public+"\n"), 0o600))
		return signer, dir + "/" + name + ".pub"
	}
	h, err := img.Digest()
	must(t, err)
	team, teamKey := keys("team")
	other, _ := keys("other")
	for _, tc := range []struct {
		by   note.Signer
		text string
		want error
	}{
		{other, h.String() + "\n", image.ErrSignature},
		{team, "sha256:" + strings.Repeat("0", 64) + "\n", image.ErrSignature},
		{team, h.String() + "\n", nil},
	} {
		text, err := note.Sign(&note.Note{Text: tc.text}, tc.by)
		must(t, err)
		must(t, os.WriteFile(dir+"/sig", text, 0o600))
		_, err = pulledBy(t, jaild, "--key", teamKey, "--signature", dir+"/sig", host+"/app:1")
		if !errors.Is(err, tc.want) || tc.want == nil && err != nil {
			t.Errorf("%v, not %v", err, tc.want)
		}
		if _, err := stored(t, host+"/app:1"); (err == nil) != (tc.want == nil) {
			t.Errorf("stored: %v", err)
		}
	}
}

func TestALayoutIsWrittenWithoutTheStore(t *testing.T) {
	host, _ := shop(t)
	dir := t.TempDir() + "/layout"
	out, err := pulledBy(t, "", "--layout", dir, host+"/app:1")
	must(t, err)
	if _, err := os.Stat(dir + "/index.json"); err != nil || !strings.HasPrefix(out, dir) {
		t.Errorf("%s, %v", out, err)
	}
	if _, err := os.Stat(os.Getenv(store.Variable)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the store: %v", err)
	}
	if _, err := pulledBy(t, "", "--layout", dir, host+"/app:1"); !errors.Is(err, os.ErrExist) {
		t.Error(err)
	}
}

func TestALayoutOfWhichNotAllCameIsNotLeft(t *testing.T) {
	host, _ := shop(t)
	dir := t.TempDir() + "/layout"
	if _, err := pulledBy(t, "", "--layout", dir, host+"/absent:1"); err == nil {
		t.Error("what is not there was pulled")
	}
	if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestAPullThatCannotBeMeantIsRefused(t *testing.T) {
	for line, want := range map[string]error{
		"":                                   errNoImage,
		"a b c":                              errTooMuch,
		"--layout x a b":                     errTooMuch,
		"a --json":                           errLateFlag,
		"--key k a":                          errHalfSigned,
		"--signature s a":                    errHalfSigned,
		"--key k --signature s --layout x a": errNotImported,
		"--nonsense a":                       errNoFlag,
		"--most 0 a":                         errNothing,
		"a UPPER":                            store.ErrName,
	} {
		if _, err := parsePull(strings.Fields(line)); !errors.Is(err, want) {
			t.Errorf("%q: %v", line, err)
		}
	}
	for _, line := range []string{"--platform linux a", "--most x a"} {
		if _, err := parsePull(strings.Fields(line)); err == nil {
			t.Errorf("%q is taken", line)
		}
	}
	for _, args := range [][]string{{"image"}, {"image", "push"}, {"image", "pull", "--nonsense"}} {
		if run(args) != 125 {
			t.Errorf("%q has another status", args)
		}
	}
}
