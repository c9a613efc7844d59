package layer

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/internal/removal"
	"github.com/jailrun/jail/rootfs/digest"
	"github.com/jailrun/jail/test/tarball"
	"golang.org/x/sys/unix"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ordinary has one of each.
func ordinary(t testing.TB) []byte {
	large := make([]byte, 700<<10)
	_, _ = rand.Read(large)
	owned := func(h *tar.Header) { h.Uid, h.Gid = 1000, 70000 }
	return tarball.Tar(t,
		tarball.New("./", tar.TypeDir, ""),
		tarball.New("etc/", tar.TypeDir, ""),
		tarball.New("etc/hosts", tar.TypeReg, "127.0.0.1 localhost\n"),
		tarball.New("etc/shadow", tar.TypeReg, "root:*:\n").With(func(h *tar.Header) { h.Mode = 0 }),
		tarball.New("etc/alternatives/", tar.TypeDir, "").With(func(h *tar.Header) { h.Mode = 0o555 }),
		tarball.New("etc/alternatives/awk", tar.TypeSymlink, "/usr/bin/mawk"),
		tarball.New("etc/empty", tar.TypeReg, ""),
		tarball.New("usr/bin/large", tar.TypeReg, string(large)).With(owned),
		tarball.New("usr/bin/su", tar.TypeReg, "elf").With(func(h *tar.Header) { h.Mode = 0o4755 }),
		tarball.New("usr/bin/su2", tar.TypeLink, "usr/bin/su"),
		tarball.New("usr/bin/dangling", tar.TypeSymlink, "../../../../../nowhere").With(owned),
		tarball.New("usr/bin/dangling2", tar.TypeLink, "./usr/bin/dangling"),
		tarball.New("var/", tar.TypeDir, "").With(owned),
		tarball.New("var/mail/", tar.TypeDir, "").With(func(h *tar.Header) { h.Mode = 0o2775 }),
		tarball.New("var/attributes", tar.TypeReg, "x").With(func(h *tar.Header) {
			h.PAXRecords = map[string]string{"SCHILY.xattr.user.kind": "jail\x00\xff", "SCHILY.xattr.security.capability": "\x01\x00"}
		}),
		tarball.New("var/"+strings.Repeat("é", 120)+"/"+strings.Repeat("n", 255), tar.TypeReg, "long"),
		tarball.New("var/lib/.wh.gone", tar.TypeReg, ""),
		tarball.New("var/cache/", tar.TypeDir, ""),
		tarball.New("var/cache/.wh..wh..opq", tar.TypeReg, ""),
		tarball.New("var/cache/new\nline\xff", tar.TypeReg, "odd").With(func(h *tar.Header) { h.Format = tar.FormatGNU; h.ModTime = h.ModTime.Truncate(time.Second) }),
		tarball.New("etc/", tar.TypeDir, "").With(func(h *tar.Header) { h.Mode = 0o750 }),
	)
}

func folder(t testing.TB) *os.File {
	t.Helper()
	f, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f.Close()
		if err := removal.All(f.Name()); err != nil { // also what an ordinary user may not write to
			t.Error(err)
		}
	})
	return f
}

func unpack(t testing.TB, data []byte, o Options) (*os.File, Info, error) {
	t.Helper()
	dir := folder(t)
	i, err := Unpack(context.Background(), bytes.NewReader(data), dir, o)
	return dir, i, err
}

func TestALayerIsReplayedByteForByte(t *testing.T) {
	plain := ordinary(t)
	padded := append(bytes.Clone(plain), make([]byte, 20*block)...)
	for name, data := range map[string][]byte{"tar": plain, "padded": padded, "gzip": tarball.Gzip(t, plain), "zstd": tarball.Zstd(t, plain), "gnu": made(t, "gnu"), "posix": made(t, "posix"), "v7": made(t, "v7"), "none": tarball.Tar(t)} {
		t.Run(name, func(t *testing.T) {
			want := data
			switch name {
			case "gzip", "zstd":
				want = plain
			}
			dir, i, err := unpack(t, data, Options{Blob: digest.Of(data), DiffID: digest.Of(want)})
			must(t, err)
			var got bytes.Buffer
			must(t, Replay(t.Context(), &got, dir))
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%d bytes are replayed as %d others", len(want), got.Len())
			}
			r, err := Verify(t.Context(), dir, VerifyOptions{DiffID: i.DiffID, MappedOwner: i.MappedOwner})
			must(t, err)
			for _, p := range r.Problems {
				t.Error(p)
			}
			if n := count(t, dir); n != i.Entries {
				t.Errorf("%d entries were made, and %d counted", n, i.Entries)
			}
		})
	}
}

func count(t *testing.T, dir *os.File) (n int64) {
	top := filepath.Join(dir.Name(), TreeDir)
	must(t, filepath.WalkDir(top, func(path string, _ os.DirEntry, err error) error {
		if path != top {
			n++
		}
		return err
	}))
	return n
}

// made has tar itself pack a folder, with a sparse file where the format has them.
func made(t *testing.T, format string) []byte {
	top := t.TempDir()
	must(t, os.MkdirAll(top+"/a/b", 0o700))
	must(t, os.WriteFile(top+"/a/b/f", []byte("text"), 0o640))
	must(t, os.Link(top+"/a/b/f", top+"/a/g"))
	must(t, os.Symlink("b/f", top+"/a/s"))
	args := []string{"-C", top, "--format=" + format, "-cf", "-", "."}
	if format != "v7" {
		f, err := os.Create(top + "/a/sparse")
		must(t, err)
		_, err = f.WriteAt([]byte("in the midst"), 3<<20)
		must(t, err)
		must(t, f.Truncate(9<<20+17))
		must(t, f.Close())
		args = append([]string{"-S"}, args...)
	}
	out, err := exec.Command("tar", args...).Output()
	must(t, err)
	return out
}

func TestSparseFilesStaySparse(t *testing.T) {
	for _, format := range []string{"gnu", "posix"} {
		dir, _, err := unpack(t, made(t, format), Options{})
		must(t, err)
		var st unix.Stat_t
		must(t, unix.Stat(dir.Name()+"/tree/a/sparse", &st))
		if st.Blocks*512 > 64<<10 || st.Size != 9<<20+17 {
			t.Errorf("%s: %d bytes take %d", format, st.Size, st.Blocks*512)
		}
	}
}
