package image

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jailrun/jail/rootfs/digest"
	"github.com/jailrun/jail/rootfs/layer"
	"github.com/jailrun/jail/rootfs/store"
	"github.com/jailrun/jail/test/apart"
	"github.com/jailrun/jail/test/tarball"
	"golang.org/x/sys/unix"
)

func TestImagesThatAreNotWhatTheySayAreRefused(t *testing.T) {
	lower, upper := tarOf(t, base...), tarOf(t, app...)
	foreign := "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
	for what, tc := range map[string]struct {
		change func(*made)
		want   error
	}{
		"a layer that was changed":        {func(l *made) { l.blobs[l.manifest.Layers[1].Digest] = tarOf(t, file{name: "evil"}) }, layer.ErrDigest},
		"a layer that was cut off":        {func(l *made) { d := l.manifest.Layers[0].Digest; l.blobs[d] = l.blobs[d][:40] }, layer.ErrTruncated},
		"a layer with something after it": {func(l *made) { d := l.manifest.Layers[1].Digest; l.blobs[d] = append(l.blobs[d], make([]byte, 512)...) }, layer.ErrDigest},
		"a layer of another size":         {func(l *made) { l.manifest.Layers[1].Size-- }, ErrSize},
		"a layer that is larger":          {func(l *made) { l.manifest.Layers[1].Size++ }, ErrSize},
		"a layer that is not there":       {func(l *made) { delete(l.blobs, l.manifest.Layers[1].Digest) }, ErrMissing},
		"a layer of an unknown type":      {func(l *made) { l.manifest.Layers[1].MediaType = "application/zip" }, layer.ErrMediaType},
		"a layer that is fetched":         {func(l *made) { l.manifest.Layers[1].MediaType = foreign }, layer.ErrMediaType},
		"a layer compressed otherwise":    {func(l *made) { l.manifest.Layers[0].MediaType = typeLayer + "+zstd" }, layer.ErrFormat},
		"another layer than configured":   {func(l *made) { l.config.RootFS.DiffIDs[1] = digest.Of(nil) }, layer.ErrDigest},
		"layers in another order":         {func(l *made) { d := l.config.RootFS.DiffIDs; d[0], d[1] = digest.Of(upper), digest.Of([]byte("x")) }, layer.ErrDigest},
		"a layer too many":                {func(l *made) { l.manifest.Layers = append(l.manifest.Layers, l.manifest.Layers[0]) }, ErrLayers},
		"a layer too few":                 {func(l *made) { l.manifest.Layers = l.manifest.Layers[:1] }, ErrLayers},
		"too many layers":                 {func(l *made) { l.config.RootFS.DiffIDs = make([]digest.Digest, 129) }, ErrLayers},
		"no list of layers":               {func(l *made) { l.config.RootFS.Type = "" }, ErrLayers},
		"another machine's":               {func(l *made) { l.config.Arch = "s390x" }, ErrPlatform},
		"another system's":                {func(l *made) { l.config.OS = "windows" }, ErrPlatform},
		"an artefact": {func(l *made) {
			l.manifest.Config = l.blob("application/vnd.example", []byte("{}"))
			l.manifest.MediaType = "keep"
		}, ErrMediaType},
		"an unknown manifest":   {func(l *made) { l.lead("application/vnd.docker.distribution.manifest.v1+prettyjws", nil) }, ErrMediaType},
		"a manifest for others": {func(l *made) { l.lead(typeManifest, &Platform{OS: "linux", Arch: "s390x"}) }, ErrPlatform},
		"no image at all":       {func(l *made) { l.index.Manifests = []descriptor{} }, ErrMissing},
		"two images":            {func(l *made) { l.lead(typeManifest, nil); l.lead(typeManifest, nil) }, ErrSeveral},
		"a manifest that was changed": {func(l *made) {
			l.lead(typeManifest, nil)
			l.blobs[l.index.Manifests[0].Digest] = append([]byte(" "), l.blobs[l.index.Manifests[0].Digest][1:]...)
		}, ErrDigest},
		"a manifest that is huge": {func(l *made) { l.index.Manifests = []descriptor{l.blob(typeManifest, make([]byte, mostJSON+1))} }, ErrLarge},
		"indexes without end": {func(l *made) {
			d := l.blob(typeIndex, l.json(indexJSON{Manifests: []descriptor{}}))
			for range 5 {
				d = l.blob(typeIndex, l.json(indexJSON{Manifests: []descriptor{d}}))
			}
			l.index.Manifests = []descriptor{d}
		}, ErrJSON},
	} {
		t.Run(what, func(t *testing.T) {
			s := newStore(t)
			l := newLayout(t, lower, upper)
			tc.change(l)
			_, err := Import(t.Context(), s, l.folder(), name(t, "evil"), options(t))
			if !errors.Is(err, tc.want) {
				t.Errorf("%v, and not %v", err, tc.want)
			}
			if _, err := s.Use("evil"); !errors.Is(err, store.ErrNoImage) {
				t.Error(err)
			}
			intact(t, s)
		})
	}
}

// lead has the index lead to the manifest, as something.
func (l *made) lead(kind string, p *Platform) {
	l.manifest.Config = l.blob(typeConfig, l.json(l.config))
	d := l.blob(kind, l.json(l.manifest))
	d.Platform = p
	l.index.Manifests = append(l.index.Manifests, d)
}

func TestAnImageInACompressedArchiveIsNoRootFileSystem(t *testing.T) {
	l := newLayout(t, tarOf(t, base...))
	docker := tarOf(t, file{name: manifestFile, body: string(l.json([]saved{{Config: "c", Layers: []string{"a"}}}))}, file{name: "c", body: "{}"})
	for _, b := range [][]byte{tarOf(t, l.files()...), docker} {
		s := newStore(t)
		if _, err := Import(t.Context(), s, written(t, tarball.Gzip(t, b)), name(t, "image"), options(t)); !errors.Is(err, ErrCompressed) {
			t.Error(err)
		}
		intact(t, s)
	}
}

func TestOfAnIndexTheImageOfThisMachineIsTaken(t *testing.T) {
	l := newLayout(t, tarOf(t, base...))
	here := Platform{}.orThis()
	l.lead(typeManifest, &here)
	mine := l.index.Manifests
	others := []descriptor{l.blob(typeManifest, []byte("{}")), l.blob(typeManifest, []byte("[]"))}
	others[0].Platform, others[1].Platform = &Platform{OS: "linux", Arch: "s390x"}, &Platform{OS: "unknown", Arch: "unknown"}
	l.index.Manifests = []descriptor{l.blob(typeIndex, l.json(indexJSON{Manifests: append(others, mine...)}))}
	s := newStore(t)
	_, err := Import(t.Context(), s, l.folder(), name(t, "multi"), options(t))
	must(t, err)
	intact(t, s)
}

func TestNothingIsUnpackedWithoutTheSignature(t *testing.T) {
	l := newLayout(t, tarOf(t, base...), tarOf(t, app...))
	sources := map[string]string{"layout": l.folder(), "layout in a tar": written(t, tarOf(t, l.files()...)), "archive": written(t, tarOf(t, base...)),
		"docker": written(t, tarOf(t, file{name: manifestFile, body: string(l.json([]saved{{Config: "c", Layers: []string{"a", "b"}}}))}, file{name: "c", body: string(l.json(l.config))}, file{name: "a", body: string(tarOf(t, base...))}, file{name: "b", body: string(tarOf(t, app...))}))}
	private, public := keys(t)
	_, other := keys(t)
	for kind, path := range sources {
		t.Run(kind, func(t *testing.T) {
			s := newStore(t)
			o := options(t)
			o.Key = public
			o.Unpacker = layer.Command{Path: "/bin/false"} // none runs
			try := func(want error) {
				t.Helper()
				if _, err := Import(t.Context(), s, path, name(t, "signed"), o); !errors.Is(err, want) {
					t.Errorf("%v, and not %v", err, want)
				}
			}
			try(ErrUnsigned)
			_, to, err := Sign(path, private, "")
			must(t, err)
			o.Key = other
			try(ErrSignature)
			o.Key = public
			try(layer.ErrUnpacker) // it would be unpacked
			text, err := os.ReadFile(to)
			must(t, err)
			for what, changed := range map[string]string{"of something else": strings.Replace(string(text), "sha256:", "sha256:0", 1), "empty": "", "cut off": string(text[:len(text)-9])} {
				must(t, os.WriteFile(to, []byte(changed), 0o644))
				if _, err := Import(t.Context(), s, path, name(t, "signed"), o); !errors.Is(err, ErrSignature) {
					t.Errorf("a signature that is %s: %v", what, err)
				}
			}
			must(t, os.WriteFile(to, text, 0o644))
			o.Unpacker = options(t).Unpacker
			_, err = Import(t.Context(), s, path, name(t, "signed"), o)
			must(t, err)
			if kind != "layout" {
				b, err := os.ReadFile(path)
				must(t, err)
				b = bytes.Replace(b, []byte("program"), []byte("Program"), 1)
				must(t, os.WriteFile(path, bytes.Replace(b, []byte("root:x"), []byte("root::"), 1), 0o644))
				if _, err := Import(t.Context(), newStore(t), path, name(t, "changed"), o); err == nil {
					t.Error("what was changed after it was signed is imported")
				}
			}
			intact(t, s)
		})
	}
}

func TestAFullDiskIsToldAndLeavesNothing(t *testing.T) {
	apart.Run(t, func(dir string) {
		must(t, unix.Mount("none", dir, "tmpfs", 0, "size=3m"))
		s, err := store.Open(store.Options{Dir: dir + "/store", Create: true})
		must(t, err)
		defer s.Close()
		_, err = Import(t.Context(), s, newLayout(t, tarOf(t, base...)).folder(), name(t, "small"), options(t))
		must(t, err)
		_, err = Import(t.Context(), s, newLayout(t, tarOf(t, base...), tarOf(t, file{name: "large", body: strings.Repeat("large", 1<<20)})).folder(), name(t, "large"), options(t))
		if !errors.Is(err, unix.ENOSPC) {
			t.Error(err)
		}
		if _, err := s.Use("large"); !errors.Is(err, store.ErrNoImage) {
			t.Error(err)
		}
		intact(t, s)
		var st unix.Statfs_t
		must(t, unix.Statfs(dir, &st))
		if st.Bfree < st.Blocks*8/10 {
			t.Errorf("%d of %d blocks are free", st.Bfree, st.Blocks)
		}
	})
}

func TestWhateverIsChangedInALayerIsFound(t *testing.T) {
	tree := func(s *store.Store, id digest.Digest, at string) string {
		return filepath.Join(s.Path(), "layers", id.Hex(), "tree", at)
	}
	for what, change := range map[string]func(s *store.Store, id digest.Digest) error{
		"a file's contents": func(s *store.Store, id digest.Digest) error {
			return rewrite(tree(s, id, "etc/passwd"), "root:x:0:0::/:/bin/SH\n")
		},
		"a file's length": func(s *store.Store, id digest.Digest) error { return rewrite(tree(s, id, "etc/passwd"), "") },
		"a file's mode":   func(s *store.Store, id digest.Digest) error { return os.Chmod(tree(s, id, "bin/sh"), 0o644) },
		"set-uid": func(s *store.Store, id digest.Digest) error {
			return unix.Chmod(tree(s, id, "bin/sh"), unix.S_ISUID|0o755)
		},
		"a file's time": func(s *store.Store, id digest.Digest) error {
			return os.Chtimes(tree(s, id, "bin/sh"), epoch, epoch.Add(1))
		},
		"a file that is gone": func(s *store.Store, id digest.Digest) error { return os.Remove(tree(s, id, "bin/sh")) },
		"a file that came":    func(s *store.Store, id digest.Digest) error { return os.WriteFile(tree(s, id, "bin/evil"), nil, 0o755) },
		"a folder that came":  func(s *store.Store, id digest.Digest) error { return os.Mkdir(tree(s, id, "evil"), 0o755) },
		"a link for a file":   func(s *store.Store, id digest.Digest) error { return relink(tree(s, id, "bin/sh"), "/etc/passwd") },
		"a link for a folder": func(s *store.Store, id digest.Digest) error { return relink(tree(s, id, "etc"), "/etc") },
		"a FIFO for a file":   func(s *store.Store, id digest.Digest) error { return refifo(tree(s, id, "bin/sh")) },
		"an attribute": func(s *store.Store, id digest.Digest) error {
			return unix.Setxattr(tree(s, id, "bin/sh"), "user.x", []byte("y"), 0)
		},
		"an overlay's attribute": func(s *store.Store, id digest.Digest) error {
			return unix.Setxattr(tree(s, id, "etc"), "user.overlay.opaque", []byte("y"), 0)
		},
		"the skeleton":       func(s *store.Store, id digest.Digest) error { return os.Truncate(tree(s, id, "../skeleton"), 50) },
		"no skeleton":        func(s *store.Store, id digest.Digest) error { return os.Remove(tree(s, id, "../skeleton")) },
		"the layer's record": func(s *store.Store, id digest.Digest) error { return os.Truncate(tree(s, id, "../layer.json"), 0) },
		"other users": func(s *store.Store, id digest.Digest) error {
			records, err := filepath.Glob(tree(s, id, "../../../images/*/image.json"))
			if err != nil || len(records) != 1 {
				return fmt.Errorf("%q: %w", records, err)
			}
			b, err := os.ReadFile(records[0])
			return errors.Join(err, os.WriteFile(records[0], bytes.Replace(b, []byte(`"accounts":{"passwd":"`), []byte(`"accounts":{"passwd":"root:`), 1), 0o600))
		},
		"no layer": func(s *store.Store, id digest.Digest) error { return os.RemoveAll(tree(s, id, "..")) },
	} {
		t.Run(what, func(t *testing.T) {
			s := newStore(t)
			got, err := Import(t.Context(), s, written(t, tarOf(t, base...)), name(t, "image"), options(t))
			must(t, err)
			intact(t, s)
			must(t, change(s, got.Layers[0].DiffID))
			all, err := Verify(t.Context(), s, "image")
			must(t, err)
			if len(all) != 1 || all[0].Intact() {
				t.Errorf("%+v", all)
			}
			mends(t, s)
		})
	}
}

func TestARecordThatTellsOfOthersIsMadeAnew(t *testing.T) {
	s := newStore(t)
	files := slices.Clone(base)
	i := slices.IndexFunc(files, func(f file) bool { return f.name == "etc/passwd" })
	files[i].body = "r\xe9my:x:7:7::/:/bin/sh\n"
	source := written(t, tarOf(t, files...))
	_, err := Import(t.Context(), s, source, name(t, "image"), options(t))
	must(t, err)
	intact(t, s) // what is no UTF-8 is told as it is
	records, err := filepath.Glob(s.Path() + "/images/*/image.json")
	must(t, err)
	b, err := os.ReadFile(records[0])
	must(t, err)
	must(t, os.WriteFile(records[0], bytes.Replace(b, []byte(`"source":`), []byte(`"accounts":{"passwd":"","group":""},"source":`), 1), 0o600))
	all, err := Verify(t.Context(), s, "")
	must(t, err)
	if all[0].Intact() {
		t.Error("other users are not found")
	}
	_, err = Import(t.Context(), s, source, name(t, "image"), options(t)) // as it is told to do
	must(t, err)
	intact(t, s)
}

// mends has an image that was found damaged be imported again, first while it is in use.
func mends(t *testing.T, s *store.Store) {
	t.Helper()
	source := written(t, tarOf(t, base...))
	if i, err := s.Hold(idOf(t, s)); err == nil {
		_, err := Import(t.Context(), s, source, name(t, "image"), options(t))
		if err != nil && !errors.Is(err, store.ErrInUse) {
			t.Errorf("in use: %v", err)
		}
		must(t, i.Close())
	}
	_, err := Import(t.Context(), s, source, name(t, "image"), options(t))
	must(t, err)
	intact(t, s)
	i, err := s.Use("image")
	must(t, err)
	must(t, i.Close())
}

func idOf(t *testing.T, s *store.Store) digest.Digest {
	t.Helper()
	_, id, err := s.Resolve("image")
	must(t, err)
	return id
}

// rewrite keeps what stat(2) says of a file.
func rewrite(path, text string) error {
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Chtimes(path, st.ModTime(), st.ModTime())
}

func relink(path, to string) error { return errors.Join(os.RemoveAll(path), os.Symlink(to, path)) }

func refifo(path string) error { return errors.Join(os.Remove(path), unix.Mkfifo(path, 0o755)) }
