package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jailrun/jail/internal/removal"
	"github.com/jailrun/jail/rootfs"
	"github.com/jailrun/jail/rootfs/digest"
	"golang.org/x/sys/unix"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newStore(t *testing.T) *Store {
	t.Helper()
	s, err := Open(Options{Dir: t.TempDir() + "/store", Create: true})
	must(t, err)
	t.Cleanup(func() {
		for _, name := range []string{layersDir, tmpDir} { // an ordinary user's os.RemoveAll can't
			if err := removal.At(s.fd(), name); err != nil {
				t.Error(err)
			}
		}
		s.Close()
	})
	return s
}

func parsed(t testing.TB, s string) Name {
	t.Helper()
	n, err := ParseName(s)
	must(t, err)
	return n
}

// add publishes an image of layers that hold nothing but their own text.
func add(t testing.TB, s *Store, name string, layers ...string) digest.Digest {
	t.Helper()
	m, err := s.Make()
	must(t, err)
	defer m.Close()
	r := &Record{Config: Config{Cmd: []string{"sh"}}}
	for _, text := range layers {
		l := LayerRecord{DiffID: digest.Of([]byte(text)), Bytes: int64(len(text)), Entries: 1}
		r.Layers = append(r.Layers, l)
		have, err := m.Need(t.Context(), l.DiffID)
		must(t, err)
		if have != nil {
			continue
		}
		f, err := m.Folder("layer")
		must(t, err)
		f.Close()
		must(t, os.MkdirAll(filepath.Join(s.path, m.path, "layer", treeDir), 0o755))
		must(t, os.WriteFile(filepath.Join(s.path, m.path, "layer", treeDir, "text"), []byte(text), 0o400))
		must(t, os.Chmod(filepath.Join(s.path, m.path, "layer", treeDir), 0o555))
		_, err = m.PublishLayer("layer", &l)
		must(t, err)
	}
	config := []byte("config of " + strings.Join(layers, ","))
	r.ID = digest.Of(config)
	must(t, m.PublishImage(t.Context(), r, config, parsed(t, name)))
	return r.ID
}

func TestOnlyNamesOfTheGrammarAreTaken(t *testing.T) {
	for text, want := range map[string]string{
		"debian": "debian:latest", "debian:12": "debian:12", "team/app:1.2-rc_1": "team/app:1.2-rc_1", "f/a.b_c__d---e": "f/a.b_c__d---e:latest", "a.b_c/f": "",
		"localhost:5000/a/b:c": "localhost:5000/a/b:c", "registry.example/App": "", "Registry.Example/app": "Registry.Example/app:latest",
		"": "", ":tag": "", "a:": "", "a:-b": "", "a:.b": "", "A": "", "a//b": "", "/a": "", "a/": "", "../a": "", "a/../b": "", "a..b": "", "a._b": "", "-a": "", "a-": "",
		"a b": "", "a\n": "", "a%2Fb": "", "a@sha256:" + digest.Of(nil).Hex(): "", "host:port/a": "", "host:/a": "", "-host.x/a": "", "é": "",
		"a:" + strings.Repeat("t", 128): "a:" + strings.Repeat("t", 128), "a:" + strings.Repeat("t", 129): "", strings.Repeat("a", 256): "", strings.Repeat("a/", 100) + "a": "",
	} {
		n, err := ParseName(text)
		if want == "" != errors.Is(err, ErrName) || want != "" && n.String() != want {
			t.Errorf("%q is read as %q (%v)", text, n, err)
		}
		if want == "" {
			continue
		}
		if back, ok := nameOf(n.file()); !ok || back != n || strings.Contains(n.file(), "/") {
			t.Errorf("%q has the file %q, which is read as %q", text, n.file(), back)
		}
	}
}

func TestAnImageIsFoundByItsNameAndByDigitsOfItsID(t *testing.T) {
	s := newStore(t)
	id := add(t, s, "team/app:1", "a", "b")
	other := add(t, s, "base", "a")
	for ref, want := range map[string]digest.Digest{"team/app:1": id, "base": other, "base:latest": other, id.String(): id, id.Hex(): id, id.Hex()[:12]: id, "sha256:" + other.Hex()[:20]: other} {
		i, err := s.Use(ref)
		must(t, err)
		if i.ID != want || i.Layers[0].Bytes != 1 || i.Config.Cmd[0] != "sh" {
			t.Errorf("%s is %+v", ref, i)
		}
		if b, err := os.ReadFile(i.Layers[0].Dir + "/text"); err != nil || string(b) != "a" {
			t.Errorf("%s begins with %q (%v)", ref, b, err)
		}
		must(t, i.Close())
	}
	var e *Error
	if _, err := s.Use("base:13"); !errors.As(err, &e) || !errors.Is(err, ErrNoImage) || !strings.Contains(e.Hint, "there is base:latest;") {
		t.Errorf("another tag: %v", err)
	}
	for ref, want := range map[string]error{"absent": ErrNoImage, "team/app": ErrNoImage, id.Hex()[:11]: ErrNoImage, "sha256:1234": ErrNoImage, digest.Of([]byte("x")).String(): ErrNoImage, "../x": ErrName, "": ErrName, strings.Repeat("0", 12): ErrNoImage} {
		if _, err := s.Use(ref); !errors.Is(err, want) {
			t.Errorf("%q: %v", ref, err)
		}
	}
}

func TestTwoImagesWithTheSameFirstDigitsAreNotMixedUp(t *testing.T) {
	s := newStore(t)
	for _, end := range []string{"0", "1"} {
		must(t, os.Mkdir(s.within(imagesDir, strings.Repeat("a", 63)+end), 0o700))
	}
	if _, err := s.Use(strings.Repeat("a", 20)); !errors.Is(err, ErrAmbiguous) {
		t.Error(err)
	}
}

func TestAnAbsentStoreHasNoImages(t *testing.T) {
	dir := t.TempDir() + "/none"
	s, err := Open(Options{Dir: dir})
	must(t, err)
	defer s.Close()
	if _, err := s.Use("debian"); !errors.Is(err, ErrNoImage) {
		t.Error(err)
	}
	if all, err := s.List(); err != nil || len(all) > 0 {
		t.Errorf("%v (%v)", all, err)
	}
	if _, err := s.Make(); !errors.Is(err, ErrNoStore) {
		t.Error(err)
	}
	if _, err := s.GC(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("looking made it (%v)", err)
	}
}

func TestAStoreThatOthersCouldFillIsRefused(t *testing.T) {
	dir := t.TempDir()
	for name, tc := range map[string]struct {
		make func(path string) error
		want error
	}{
		"open":    {func(p string) error { return errors.Join(os.Mkdir(p, 0o700), os.Chmod(p, 0o770)) }, ErrOpen},
		"file":    {func(p string) error { return os.WriteFile(p, nil, 0o700) }, ErrNotFolder},
		"foreign": {func(p string) error { return errors.Join(os.Mkdir(p, 0o700), os.Chown(p, 1234, 1234)) }, ErrForeign},
	} {
		if name == "foreign" && os.Geteuid() != 0 {
			continue // only root can give it away
		}
		must(t, tc.make(dir+"/"+name))
		if _, err := Open(Options{Dir: dir + "/" + name, Create: true}); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(Options{Dir: "relative"}); !errors.Is(err, ErrRelative) {
		t.Error(err)
	}
}

func TestTheStoreIsWhereItsUserKeepsData(t *testing.T) {
	for _, tc := range []struct{ variable, data, home, want string }{
		{"/srv/store", "/data", "/home/x", "/srv/store"},
		{"", "/data", "/home/x", "/data/jail"},
		{"", "data", "/home/x", "/home/x/.local/share/jail"},
		{"", "", "/home/x", "/home/x/.local/share/jail"},
		{"", "", "", ""},
	} {
		t.Setenv(Variable, tc.variable)
		t.Setenv("XDG_DATA_HOME", tc.data)
		t.Setenv("HOME", tc.home)
		if os.Geteuid() == 0 && tc.variable == "" {
			tc.want = "/var/lib/jail"
		}
		if got, err := DefaultDir(); got != tc.want || (got == "") != errors.Is(err, ErrNoHome) {
			t.Errorf("%+v gives %q (%v)", tc, got, err)
		}
	}
}

func TestWhatNobodyNeedsIsSweptAndTheRestStays(t *testing.T) {
	s := newStore(t)
	add(t, s, "kept", "a", "b")
	gone := add(t, s, "gone", "b", "c")
	stated := add(t, s, "stated", "d")
	used := add(t, s, "used", "e")
	for _, n := range []string{"gone", "stated", "used"} {
		_, err := s.Remove(t.Context(), n)
		must(t, err)
	}
	i, err := s.Use(used.String())
	must(t, err)
	swept, err := s.GC(t.Context(), []digest.Digest{stated})
	must(t, err)
	if !slices.Equal(swept.Images, []digest.Digest{gone}) || !slices.Equal(swept.Layers, []digest.Digest{digest.Of([]byte("c"))}) || swept.Bytes != 1 || !slices.Equal(swept.InUse, []digest.Digest{used}) {
		t.Errorf("%+v", swept)
	}
	must(t, i.Close())
	swept, err = s.GC(t.Context(), nil)
	must(t, err)
	if len(swept.Images) != 2 || len(swept.Layers) != 2 {
		t.Errorf("%+v", swept)
	}
	if left, err := s.entries(layersDir); err != nil || len(left) != 2 {
		t.Errorf("%v (%v)", left, err)
	}
	if left, err := s.entries(tmpDir); err != nil || len(left) != 0 {
		t.Errorf("tmp has %v (%v)", left, err)
	}
}

func TestWhatIsBeingMadeIsNotSwept(t *testing.T) {
	s := newStore(t)
	add(t, s, "base", "a")
	m, err := s.Make()
	must(t, err)
	have, err := m.Need(t.Context(), digest.Of([]byte("a")))
	must(t, err)
	if have == nil {
		t.Fatal("the layer is not there")
	}
	_, err = s.Remove(t.Context(), "base")
	must(t, err)
	swept, err := s.GC(t.Context(), nil)
	must(t, err)
	if len(swept.Layers) > 0 || len(swept.Abandoned) > 0 || len(swept.Images) != 1 {
		t.Errorf("%+v", swept)
	}
	m.dir.Close() // as its process's end would
	swept, err = s.GC(t.Context(), nil)
	must(t, err)
	if len(swept.Layers) != 1 || len(swept.Abandoned) != 1 {
		t.Errorf("%+v", swept)
	}
}

// An image that was not known to be on the disk when the host went down, as its mark
// of another boot says.
func TestAnImageThatMayBeLostIsVerifiedOnce(t *testing.T) {
	s := newStore(t)
	id := add(t, s, "debian", "a")
	asked := 0
	s.verify = func(*Image) error { asked++; return nil }
	use := func() error {
		i, err := s.Use("debian")
		if err == nil {
			err = i.Close()
		}
		return err
	}
	must(t, use())
	if asked != 0 {
		t.Error("it was verified in the boot that it was made in")
	}
	mark := s.within(imagesDir, id.Hex(), unsyncedFile)
	for _, text := range []string{"of another boot", ""} {
		must(t, os.WriteFile(mark, []byte(text), 0o600))
		asked = 0
		must(t, use())
		must(t, use())
		if asked != 1 {
			t.Errorf("it was verified %d times", asked)
		}
	}
	must(t, os.WriteFile(mark, nil, 0o600))
	s.verify = nil
	if err := use(); !errors.Is(err, ErrUnsure) {
		t.Error(err)
	}
	must(t, s.Sync())
	if err := use(); !errors.Is(err, ErrUnsure) {
		t.Errorf("a sync tells nothing of what was lost before: %v", err)
	}
}

func TestALayerThatMayBeLostIsMadeAnew(t *testing.T) {
	s := newStore(t)
	add(t, s, "debian", "a")
	must(t, os.WriteFile(s.within(layersDir, digest.Of([]byte("a")).Hex(), unsyncedFile), nil, 0o600))
	add(t, s, "again", "a") // it fails where the layer is thought to be there
	must(t, s.Sync())
	all, err := s.List()
	must(t, err)
	if len(all) != 1 || !all[0].Synced || len(all[0].Names) != 2 {
		t.Errorf("%+v", all)
	}
}

func TestADamagedImageIsNamedAndCanBeMadeAnew(t *testing.T) {
	s := newStore(t)
	id := add(t, s, "debian", "a")
	add(t, s, "other", "b")
	must(t, os.Truncate(s.within(imagesDir, id.Hex(), imageFile), 0))
	if _, err := s.Use("debian"); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
	if all, err := s.List(); len(all) != 1 || !errors.Is(err, ErrDamaged) {
		t.Errorf("%+v (%v)", all, err)
	}
	add(t, s, "debian", "a")
	i, err := s.Use("debian")
	must(t, err)
	must(t, i.Close())
}

func TestARecordIsWhatItsSchemaSays(t *testing.T) {
	s := newStore(t)
	id := add(t, s, "debian", "a")
	b, err := os.ReadFile(s.within(imagesDir, id.Hex(), imageFile))
	must(t, err)
	var r map[string]any
	must(t, json.Unmarshal(b, &r))
	if r["schema"] != Schema || r["id"] != id.String() || r["layers"].([]any)[0].(map[string]any)["diff_id"] != digest.Of([]byte("a")).String() {
		t.Errorf("%s", b)
	}
}

func TestAnImagesUsersAreOfItsRecord(t *testing.T) {
	s := newStore(t)
	id := add(t, s, "debian", "a", "b")
	at := s.within(imagesDir, id.Hex(), imageFile)
	b, err := os.ReadFile(at)
	must(t, err)
	none := []byte(`"accounts":{"passwd":"","group":""}`)
	if !bytes.Contains(b, none) {
		t.Fatalf("%s", b)
	}
	layer := s.within(layersDir, digest.Of([]byte("b")).Hex(), treeDir)
	must(t, os.Chmod(layer, 0o755))
	must(t, os.Mkdir(layer+"/etc", 0o755))
	must(t, os.WriteFile(layer+"/etc/passwd", []byte("in the layer"), 0o644))
	for text, want := range map[string]string{`"accounts":{"passwd":"in the record","group":""}`: "in the record", `"source":"x"`: "in the layer"} {
		must(t, os.WriteFile(at, bytes.Replace(b, none, []byte(text), 1), 0o600))
		i, err := s.Use("debian")
		must(t, err)
		if got, err := i.Accounts(); err != nil || got.Passwd != want || got.Group != "" {
			t.Errorf("%s: %+v (%v)", text, got, err)
		}
		must(t, i.Close())
	}
	if all, err := s.List(); err != nil || all[0].Accounts != nil {
		t.Errorf("%+v (%v)", all, err)
	}
}

func TestWhatJSONWouldChangeIsNotRecorded(t *testing.T) {
	for _, text := range []string{"r\xe9my:x:7:7::/:/bin/sh\n", strings.Repeat("x", mostRecorded+1)} {
		if recorded(rootfs.Accounts{Passwd: text}) != nil || recorded(rootfs.Accounts{Group: text}) != nil {
			t.Errorf("%.20q is in a record", text)
		}
	}
	if got := recorded(rootfs.Accounts{Passwd: "rémy"}); got == nil || got.Passwd != "rémy" {
		t.Errorf("%+v", got)
	}
}

func TestARecordThatIsTooLongIsNotWritten(t *testing.T) {
	s := newStore(t)
	m, err := s.Make()
	must(t, err)
	defer m.Close()
	r := &Record{ID: digest.Of(nil), Config: Config{Env: []string{strings.Repeat("x", mostRecord)}}}
	if err := m.PublishImage(t.Context(), r, nil, parsed(t, "long")); !errors.Is(err, ErrLong) {
		t.Error(err)
	}
}

func TestManyMakersAndSweepersLeaveAWholeStore(t *testing.T) {
	s := newStore(t)
	const makers, rounds = 4, 25
	done := make(chan error, makers)
	for range makers {
		go func() {
			defer func() { done <- nil }() // also when must ends it
			for range rounds {
				add(t, s, "shared", "a", "b", "c")
				if i, err := s.Use("shared"); err == nil {
					for _, l := range i.Layers {
						if _, err := os.Stat(l.Dir + "/text"); err != nil {
							t.Error(err)
						}
					}
					i.Close()
				} else if !errors.Is(err, ErrNoImage) {
					t.Error(err)
				}
				if _, err := s.Remove(context.Background(), "shared"); err != nil && !errors.Is(err, ErrNoImage) && !errors.Is(err, unix.ENOENT) {
					t.Error(err)
				}
				if _, err := s.GC(context.Background(), nil); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	for range makers {
		<-done
	}
	if left, err := s.entries(tmpDir); err != nil || len(left) != 0 {
		t.Errorf("tmp has %v (%v)", left, err)
	}
}

// An unpacker that was taken over could leave a link for a tree.
func TestATreeThatIsALinkIsNoLayer(t *testing.T) {
	s := newStore(t)
	m, err := s.Make()
	must(t, err)
	defer m.Close()
	f, err := m.Folder("layer")
	must(t, err)
	defer f.Close()
	must(t, unix.Symlinkat("/etc", int(f.Fd()), treeDir))
	if _, err := m.PublishLayer("layer", &LayerRecord{DiffID: digest.Of(nil)}); !errors.Is(err, ErrNotFolder) {
		t.Error(err)
	}
}
