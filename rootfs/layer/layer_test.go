package layer

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/rootfs/digest"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// at is a time that each file system can hold.
var at = time.Date(2026, 11, 30, 10, 0, 0, 123456789, time.UTC)

// entry is one entry of an archive, with what most have filled in.
func entry(name string, kind byte, body string) tarEntry {
	h := tar.Header{Name: name, Typeflag: kind, Mode: 0o644, ModTime: at, Size: int64(len(body)), Format: tar.FormatPAX}
	if kind == tar.TypeDir {
		h.Mode = 0o755
	}
	if kind == tar.TypeSymlink || kind == tar.TypeLink {
		h.Linkname, h.Size, body = body, 0, ""
	}
	return tarEntry{h, body}
}

type tarEntry struct {
	tar.Header
	body string
}

func (e tarEntry) with(change func(*tar.Header)) tarEntry {
	change(&e.Header)
	return e
}

func archive(t testing.TB, list ...tarEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := range list {
		if err := w.WriteHeader(&list[i].Header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(list[i].body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// ordinary has one of each.
func ordinary(t testing.TB) []byte {
	large := make([]byte, 700<<10)
	_, _ = rand.Read(large)
	owned := func(h *tar.Header) { h.Uid, h.Gid = 1000, 70000 }
	return archive(t,
		entry("./", tar.TypeDir, ""),
		entry("etc/", tar.TypeDir, ""),
		entry("etc/hosts", tar.TypeReg, "127.0.0.1 localhost\n"),
		entry("etc/shadow", tar.TypeReg, "root:*:\n").with(func(h *tar.Header) { h.Mode = 0 }),
		entry("etc/alternatives/", tar.TypeDir, "").with(func(h *tar.Header) { h.Mode = 0o555 }),
		entry("etc/alternatives/awk", tar.TypeSymlink, "/usr/bin/mawk"),
		entry("etc/empty", tar.TypeReg, ""),
		entry("usr/bin/large", tar.TypeReg, string(large)).with(owned),
		entry("usr/bin/su", tar.TypeReg, "elf").with(func(h *tar.Header) { h.Mode = 0o4755 }),
		entry("usr/bin/su2", tar.TypeLink, "usr/bin/su"),
		entry("usr/bin/dangling", tar.TypeSymlink, "../../../../../nowhere").with(owned),
		entry("usr/bin/dangling2", tar.TypeLink, "./usr/bin/dangling"),
		entry("var/", tar.TypeDir, "").with(owned),
		entry("var/mail/", tar.TypeDir, "").with(func(h *tar.Header) { h.Mode = 0o2775 }),
		entry("var/attributes", tar.TypeReg, "x").with(func(h *tar.Header) {
			h.PAXRecords = map[string]string{"SCHILY.xattr.user.kind": "jail\x00\xff", "SCHILY.xattr.security.capability": "\x01\x00"}
		}),
		entry("var/"+strings.Repeat("é", 120)+"/"+strings.Repeat("n", 255), tar.TypeReg, "long"),
		entry("var/lib/.wh.gone", tar.TypeReg, ""),
		entry("var/cache/", tar.TypeDir, ""),
		entry("var/cache/.wh..wh..opq", tar.TypeReg, ""),
		entry("var/cache/new\nline\xff", tar.TypeReg, "odd").with(func(h *tar.Header) { h.Format = tar.FormatGNU; h.ModTime = h.ModTime.Truncate(time.Second) }),
		entry("etc/", tar.TypeDir, "").with(func(h *tar.Header) { h.Mode = 0o750 }),
	)
}

func folder(t testing.TB) *os.File {
	t.Helper()
	f, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
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
	for name, data := range map[string][]byte{"tar": plain, "padded": padded, "gzip": gzipped(t, plain), "zstd": zstded(t, plain), "gnu": made(t, "gnu"), "posix": made(t, "posix"), "v7": made(t, "v7"), "none": archive(t)} {
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

func gzipped(t testing.TB, b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(b)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstded(t testing.TB, b []byte) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(b, nil)
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
