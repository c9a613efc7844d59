package image

import (
	"archive/tar"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"
	"time"

	"github.com/jailrun/jail/internal/removal"
	"github.com/jailrun/jail/rootfs/digest"
	"github.com/jailrun/jail/rootfs/layer"
	"github.com/jailrun/jail/rootfs/store"
	"github.com/jailrun/jail/test/nocgo"
	"github.com/jailrun/jail/test/tarball"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sys/unix"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestMain is the unpacker where it is started as such, and what tests have done in a
// root of their own.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		last := os.Args[len(os.Args)-1]
		switch os.Args[1] {
		case layer.UnpackerName:
			os.Exit(layer.Serve(last))
		case naiveName:
			os.Exit(naive())
		case killName:
			os.Exit(importOne(os.Args[2:]))
		case importName:
			os.Exit(importThere(last))
		}
	}
	os.Exit(nocgo.Run(m))
}

func options(t testing.TB) Options {
	t.Helper()
	return Options{Unpacker: layer.Command{Path: nocgo.Program(t), Args: []string{layer.UnpackerName}}}
}

func newStore(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(store.Options{Dir: t.TempDir() + "/store", Create: true})
	must(t, err)
	t.Cleanup(func() {
		s.Close()
		if err := removal.All(s.Path()); err != nil { // also what an ordinary user may not write to
			t.Error(err)
		}
	})
	return s
}

func name(t testing.TB, s string) store.Name {
	t.Helper()
	n, err := store.ParseName(s)
	must(t, err)
	return n
}

// file is one of an archive.
type file struct {
	name, body string
	kind       byte // 0: a regular one, or a folder by its name
}

var epoch = time.Unix(1_700_000_000, 0)

func tarOf(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := tar.Header{Name: f.name, Typeflag: f.kind, Mode: 0o755, ModTime: epoch, Size: int64(len(f.body))}
		switch {
		case f.kind == tar.TypeSymlink || f.kind == tar.TypeLink:
			h.Linkname, h.Size, f.body = f.body, 0, ""
		case f.kind == 0 && f.name[len(f.name)-1] == '/':
			h.Typeflag = tar.TypeDir
		case f.kind == 0:
			h.Typeflag = tar.TypeReg
		}
		must(t, w.WriteHeader(&h))
		_, err := w.Write([]byte(f.body))
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

// made is an image that a test changes before it writes it.
type made struct {
	t        testing.TB
	blobs    map[digest.Digest][]byte
	manifest manifestJSON
	config   config
	index    indexJSON
	extra    []file
}

// newLayout has an image of these layers, the first compressed.
func newLayout(t testing.TB, layers ...[]byte) *made {
	l := &made{t: t, blobs: map[digest.Digest][]byte{}}
	l.config = config{OS: "linux", Arch: runtime.GOARCH, Config: startup{Env: []string{"PATH=/bin"}, Cmd: []string{"sh"}, User: "1000:1000", WorkingDir: "/app", Entrypoint: []string{"/init"}}, RootFS: rootFS{Type: "layers"}}
	l.manifest = manifestJSON{SchemaVersion: 2, MediaType: typeManifest}
	for i, b := range layers {
		l.config.RootFS.DiffIDs = append(l.config.RootFS.DiffIDs, digest.Of(b))
		kind := typeLayer
		if i == 0 {
			b, kind = tarball.Gzip(t, b), typeLayer+"+gzip"
		}
		l.manifest.Layers = append(l.manifest.Layers, l.blob(kind, b))
	}
	return l
}

func (l *made) blob(kind string, b []byte) descriptor {
	d := digest.Of(b)
	l.blobs[d] = b
	return descriptor{MediaType: kind, Digest: d, Size: int64(len(b))}
}

func (l *made) json(v any) []byte {
	b, err := json.Marshal(v)
	must(l.t, err)
	return b
}

// files are all of the layout's; the index leads to the image unless a test has made one.
func (l *made) files() []file {
	if l.manifest.MediaType != "keep" {
		l.manifest.Config = l.blob(typeConfig, l.json(l.config))
	}
	if l.index.Manifests == nil {
		l.index = indexJSON{SchemaVersion: 2, Manifests: []descriptor{l.blob(typeManifest, l.json(l.manifest))}}
	}
	all := []file{{name: layoutFile, body: `{"imageLayoutVersion":"1.0.0"}`}, {name: indexFile, body: string(l.json(l.index))}}
	for d, b := range l.blobs {
		all = append(all, file{name: blobsDir + d.Hex(), body: string(b)})
	}
	return append(all, l.extra...)
}

func (l *made) folder() string {
	dir := l.t.TempDir()
	for _, f := range l.files() {
		must(l.t, os.MkdirAll(filepath.Dir(dir+"/"+f.name), 0o755))
		must(l.t, os.WriteFile(dir+"/"+f.name, []byte(f.body), 0o644))
	}
	return dir
}

func written(t testing.TB, b []byte) string {
	path := t.TempDir() + "/image.tar"
	must(t, os.WriteFile(path, b, 0o644))
	return path
}

var (
	base = []file{{name: "etc/"}, {name: "etc/passwd", body: "root:x:0:0::/:/bin/sh\n"}, {name: "bin/"}, {name: "bin/sh", body: "elf"}}
	app  = []file{{name: "app/"}, {name: "app/main", body: "program"}, {name: "etc/"}, {name: "etc/.wh.passwd"}}
)

// intact fails the test unless all that the store has is whole, and nothing is left over.
func intact(t testing.TB, s *store.Store) {
	t.Helper()
	all, err := Verify(t.Context(), s, "")
	must(t, err)
	for _, v := range all {
		for _, p := range v.Problems {
			t.Errorf("%v %s: %s", v.Names, v.ID, p.Text)
		}
	}
	left, err := os.ReadDir(s.Path() + "/tmp")
	must(t, err)
	for _, e := range left {
		t.Errorf("tmp has %s", e.Name())
	}
}

func TestAnImageComesOutOfTheStoreAsItCame(t *testing.T) {
	lower, upper := tarOf(t, base...), tarOf(t, app...)
	l := newLayout(t, lower, upper)
	dir := l.folder()
	docker := []file{
		{name: manifestFile, body: string(l.json([]saved{{Config: "c.json", RepoTags: []string{"app:1"}, Layers: []string{"a/layer.tar", "b/layer.tar"}}}))},
		{name: "c.json", body: string(l.json(l.config))}, {name: "a/layer.tar", body: "../x/layer.tar", kind: tar.TypeSymlink},
		{name: "x/layer.tar", body: string(lower)}, {name: "b/layer.tar", body: string(upper)},
	}
	for kind, path := range map[string]string{"folder": dir, "tar": written(t, tarOf(t, l.files()...)), "docker": written(t, tarOf(t, docker...))} {
		t.Run(kind, func(t *testing.T) {
			s := newStore(t)
			got, err := Import(t.Context(), s, path, name(t, "team/app:1"), options(t))
			must(t, err)
			i, err := s.Use("team/app:1")
			must(t, err)
			defer i.Close()
			if i.ID != l.manifest.Config.Digest || got.ID != i.ID || len(i.Layers) != 2 || i.Layers[0].DiffID != digest.Of(lower) || i.Config.WorkingDir != "/app" || i.Config.Env[0] != "PATH=/bin" {
				t.Errorf("%+v", i)
			}
			var first, second bytes.Buffer
			m, err := Export(t.Context(), s, "team/app:1", &first)
			must(t, err)
			again := newStore(t)
			_, err = Import(t.Context(), again, written(t, first.Bytes()), name(t, "team/app:1"), options(t))
			must(t, err)
			m2, err := Export(t.Context(), again, "team/app:1", &second)
			must(t, err)
			if m != m2 || !bytes.Equal(first.Bytes(), second.Bytes()) {
				t.Error("what was exported is imported and exported otherwise")
			}
			intact(t, s)
			intact(t, again)
		})
	}
}

// identity is what changes of a file when anything is done to it.
func identities(t testing.TB, dir string) map[string]string {
	all := map[string]string{}
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var st unix.Stat_t
		err = unix.Lstat(path, &st)
		all[path] = fmt.Sprint(st.Ino, st.Size, st.Ctim, st.Mtim)
		return err
	}))
	return all
}

func TestALayerThatIsThereIsNeitherReadNorWritten(t *testing.T) {
	s := newStore(t)
	lower := tarOf(t, base...)
	_, err := Import(t.Context(), s, newLayout(t, lower).folder(), name(t, "base"), options(t))
	must(t, err)
	there := s.Path() + "/layers/" + digest.Of(lower).Hex()
	before := [2]map[string]string{identities(t, there+"/tree"), identities(t, there+"/skeleton")}
	l := newLayout(t, lower, tarOf(t, app...))
	l.blobs[l.manifest.Layers[0].Digest] = []byte("not even looked at")
	got, err := Import(t.Context(), s, l.folder(), name(t, "app"), options(t))
	must(t, err)
	if !got.Layers[0].Present || got.Layers[1].Present {
		t.Errorf("%+v", got.Layers)
	}
	after := [2]map[string]string{identities(t, there+"/tree"), identities(t, there+"/skeleton")}
	if !reflect.DeepEqual(before, after) {
		t.Errorf("the layer was\n%v\nand is\n%v", before, after)
	}
	all, err := s.List()
	must(t, err)
	if len(all) != 2 || all[0].OwnBytes != int64(len("program")) || all[0].SharedBytes != all[1].Bytes || all[1].OwnBytes != 0 {
		t.Errorf("%+v", all)
	}
}

func TestAnArchiveOfARootFileSystemIsAnImage(t *testing.T) {
	s := newStore(t)
	plain := tarOf(t, base...)
	var ids []digest.Digest
	for i, b := range [][]byte{plain, tarball.Gzip(t, plain)} {
		got, err := Import(t.Context(), s, written(t, b), name(t, fmt.Sprintf("rootfs:%d", i)), options(t))
		must(t, err)
		ids = append(ids, got.ID)
		if got.Source != kindArchive || got.Layers[0].DiffID != digest.Of(plain) {
			t.Errorf("%+v", got)
		}
	}
	if ids[0] != ids[1] {
		t.Error("the same root file system has two IDs")
	}
	intact(t, s)
}

func TestAFolderIsAnImage(t *testing.T) {
	s := newStore(t)
	top := t.TempDir()
	must(t, os.MkdirAll(top+"/usr/bin", 0o755))
	must(t, os.MkdirAll(top+"/var/cache/apt", 0o755))
	must(t, os.WriteFile(top+"/usr/bin/sh", []byte("elf"), 0o755))
	must(t, os.Symlink("usr/bin", top+"/bin"))
	must(t, os.Link(top+"/usr/bin/sh", top+"/usr/bin/dash"))
	o := options(t)
	o.Except = func(path string) bool { return path == "var/cache" }
	got, err := Import(t.Context(), s, top, name(t, "host"), o)
	must(t, err)
	dir := s.Path() + "/layers/" + got.Layers[0].DiffID.Hex() + "/tree"
	if got.Source != kindFolder || got.Layers[0].Entries != 6 {
		t.Errorf("%+v", got)
	}
	if _, err := os.Lstat(dir + "/var/cache"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was to be left out is there (%v)", err)
	}
	intact(t, s)
}

func keys(t testing.TB) (private, public string) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "test")
	must(t, err)
	return private, public
}
