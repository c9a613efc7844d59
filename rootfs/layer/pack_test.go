package layer

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jailrun/jail/rootfs/digest"
	"github.com/jailrun/jail/test/apart"
	"golang.org/x/sys/unix"
)

// upper is a folder such as an overlay leaves.
func upper(t *testing.T) *os.File {
	t.Helper()
	f := folder(t)
	top := f.Name()
	must(t, os.MkdirAll(top+"/b/deep", 0o750))
	must(t, os.WriteFile(top+"/b/file", bytes.Repeat([]byte("text"), 5000), 0o640))
	must(t, os.Link(top+"/b/file", top+"/a-link"))
	must(t, os.Symlink("../../etc/passwd", top+"/b/symlink"))
	must(t, os.WriteFile(top+"/b/odd\n\xff", nil, 0o600))
	must(t, os.WriteFile(top+"/"+strings.Repeat("n", 255), nil, 0o600))
	must(t, unix.Mknod(top+"/b/gone", unix.S_IFCHR, 0))
	must(t, unix.Link(top+"/b/gone", top+"/also-gone")) // as overlayfs makes more than one
	must(t, unix.Setxattr(top+"/b/deep", opaqueXattr, []byte("y"), 0))
	must(t, unix.Setxattr(top+"/b/deep", "user.overlay.origin", []byte("x"), 0))
	must(t, unix.Setxattr(top+"/b/file", "user.kind", []byte("\x00jail"), 0))
	must(t, unix.Mkfifo(top+"/b/fifo", 0o600))
	f2, err := os.Create(top + "/sparse")
	must(t, err)
	must(t, f2.Truncate(5<<20))
	_, err = f2.WriteAt([]byte("x"), 1<<20)
	must(t, err)
	must(t, f2.Close())
	return f
}

func pack(t *testing.T, dir *os.File, o PackOptions) ([]byte, Info, error) {
	t.Helper()
	var b bytes.Buffer
	o.Owner = func(u, g uint32) (int, int, error) { return int(u) - os.Geteuid(), int(g) - os.Getegid(), nil }
	i, err := Pack(t.Context(), &b, dir, o)
	return b.Bytes(), i, err
}

func TestWhatIsPackedIsUnpackedTheSame(t *testing.T) {
	first, i, err := pack(t, upper(t), PackOptions{Upper: true})
	must(t, err)
	if i.DiffID != digest.Of(first) || i.LeftOut != 1 || i.Whiteouts != 3 {
		t.Errorf("%+v", i)
	}
	dir, got, err := unpack(t, first, Options{DiffID: i.DiffID})
	must(t, err)
	if got.Whiteouts != i.Whiteouts || got.Bytes != i.Bytes {
		t.Errorf("%+v was packed, %+v unpacked", i, got)
	}
	tree, err := os.Open(dir.Name() + "/tree")
	must(t, err)
	defer tree.Close()
	again, _, err := pack(t, tree, PackOptions{Upper: true})
	must(t, err)
	if !bytes.Equal(first, again) {
		t.Error("what was unpacked is packed otherwise")
	}
	var st unix.Stat_t
	must(t, unix.Stat(dir.Name()+"/tree/sparse", &st))
	if st.Blocks*512 > 64<<10 {
		t.Errorf("a file of holes takes %d bytes", st.Blocks*512)
	}
}

func TestAProgramCantPackWhatItIsNotAllowedTo(t *testing.T) {
	for name, tc := range map[string]struct {
		make func(top string) error
		want error
	}{
		"a whiteout": {func(top string) error { return os.WriteFile(top+"/.wh.passwd", nil, 0o600) }, ErrReserved},
		"opacity":    {func(top string) error { return os.WriteFile(top+"/.wh..wh..opq", nil, 0o600) }, ErrReserved},
		"redirect":   {func(top string) error { return unix.Setxattr(top, "user.overlay.redirect", []byte("/etc"), 0) }, ErrAttribute},
		"depth":      {func(top string) error { return os.MkdirAll(top+strings.Repeat("/d", 200), 0o700) }, ErrTooDeep},
		"size":       {func(top string) error { return sparse(top+"/large", 1<<40) }, ErrTooLarge},
		"equals":     {func(top string) error { return unix.Setxattr(top, "user.a=b", nil, 0) }, ErrName},
	} {
		t.Run(name, func(t *testing.T) {
			f := folder(t)
			must(t, tc.make(f.Name()))
			o := PackOptions{Upper: true, Limits: Limits{Bytes: 1 << 20}}
			if _, _, err := pack(t, f, o); !errors.Is(err, tc.want) {
				t.Error(err)
			}
		})
	}
}

func sparse(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Truncate(size)
}

// A program writes on while its folder is packed.
func TestAFileThatChangesWhileItIsPackedIsNamed(t *testing.T) {
	f := folder(t)
	must(t, os.WriteFile(f.Name()+"/log", bytes.Repeat([]byte("x"), 1<<20), 0o600))
	_, err := Pack(t.Context(), &tampering{path: f.Name() + "/log"}, f, PackOptions{})
	var e *Error
	if !errors.Is(err, ErrChanged) || !errors.As(err, &e) || e.Object != "log" {
		t.Error(err)
	}
}

// tampering shortens a file when the first of its contents are written.
type tampering struct{ path string }

func (w *tampering) Write(b []byte) (int, error) {
	if len(b) > block {
		return len(b), os.Truncate(w.path, 100)
	}
	return len(b), nil
}

func TestWhatIsMountedInAFolderIsNotPacked(t *testing.T) {
	apart.Run(t, func(dir string) {
		must(t, os.MkdirAll(dir+"/top/mounted", 0o700))
		must(t, unix.Mount("none", dir+"/top/mounted", "tmpfs", 0, ""))
		must(t, os.WriteFile(dir+"/top/mounted/secret", []byte("secret"), 0o600))
		f, err := os.Open(dir + "/top")
		must(t, err)
		defer f.Close()
		data, i, err := pack(t, f, PackOptions{})
		must(t, err)
		if bytes.Contains(data, []byte("secret")) || i.Entries != 2 {
			t.Errorf("%+v: %q", i, data)
		}
	})
}
