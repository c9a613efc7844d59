package layer_test

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/jailrun/jail/rootfs/layer"
	"github.com/jailrun/jail/test/hostile"
	"github.com/jailrun/jail/test/tarball"
)

func unpack(t testing.TB, data []byte, o layer.Options) (*os.File, layer.Info, error) {
	t.Helper()
	dir, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dir.Close() })
	i, err := layer.Unpack(t.Context(), bytes.NewReader(data), dir, o)
	return dir, i, err
}

func TestHostileArchivesAreRefusedForWhatTheyAre(t *testing.T) {
	for _, a := range hostile.Archives() {
		t.Run(a.Name, func(t *testing.T) {
			dir, _, err := unpack(t, a.Bytes(t), layer.Options{})
			var e *layer.Error
			if !errors.Is(err, a.Want) || !errors.As(err, &e) {
				t.Errorf("%v, and not %v", err, a.Want)
			}
			if names, err := os.ReadDir(dir.Name()); err != nil || len(names) > 2 {
				t.Errorf("%v (%v)", names, err)
			}
		})
	}
}

// What is unpacked at all is replayed byte for byte, and is what its headers say.
func FuzzWhatIsUnpackedIsReplayed(f *testing.F) {
	f.Add(tarball.Tar(f, tarball.New("a/", '5', ""), tarball.New("a/f", '0', "text"), tarball.New("a/l", '2', "f"), tarball.New("a/h", '1', "a/f"), tarball.New("a/.wh.x", '0', "")))
	for _, a := range hostile.Archives() {
		const most = 64 << 10
		if b := a.Bytes(f); len(b) < most {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		dir, i, err := unpack(t, data, layer.Options{Limits: layer.Limits{Bytes: 1 << 20, Entries: 100}})
		if err != nil {
			var e *layer.Error
			if !errors.As(err, &e) {
				t.Errorf("%T: %v", err, err)
			}
			return
		}
		r, err := layer.Verify(t.Context(), dir, layer.VerifyOptions{DiffID: i.DiffID, MappedOwner: i.MappedOwner})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r.Problems {
			t.Error(p)
		}
	})
}
