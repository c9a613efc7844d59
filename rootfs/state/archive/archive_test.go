package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jailrun/jail/rootfs/layer"
	"github.com/jailrun/jail/rootfs/state"
	"github.com/jailrun/jail/test/nocgo"
	"golang.org/x/sys/unix"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// kept makes a state of a folder, with what a program has done in it.
func kept(t *testing.T) (store string, s *state.State) {
	t.Helper()
	store, source := t.TempDir(), t.TempDir()
	for _, name := range []string{"a", "b", "sub/x"} {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(source, name)), 0o755))
		must(t, os.WriteFile(filepath.Join(source, name), []byte(name), 0o644))
	}
	s, err := state.Open(t.Context(), store, "s", state.Want{User: "jail", Bytes: 16 << 20, Parts: []state.Part{{Kind: state.KindCOW, Target: "/box/p", Source: source}}})
	must(t, err)
	t.Cleanup(s.Close)
	must(t, os.WriteFile(upperOf(s)+"/a", []byte("changed"), 0o644))
	must(t, unix.Mknod(upperOf(s)+"/b", unix.S_IFCHR, 0))
	must(t, os.Symlink("/etc/shadow", upperOf(s)+"/link"))
	must(t, os.MkdirAll(upperOf(s)+"/sub/deep", 0o755))
	return store, s
}

func upperOf(s *state.State) string {
	return "/proc/self/fd/" + strconv.Itoa(int(s.Root().Fd())) + "/" + s.Parts[0].Dir + "/" + state.UpperDir
}

func changes(t *testing.T, s *state.State) (list []string) {
	t.Helper()
	must(t, s.Diff(t.Context(), nil, func(c state.Change) error {
		list = append(list, string(c.Kind)+" "+c.Type+" "+c.Path)
		return nil
	}))
	return list
}

func TestABackupBringsBackWhatWasKept(t *testing.T) {
	store, s := kept(t)
	must(t, unix.Setxattr(upperOf(s)+"/sub/deep", "user.overlay.opaque", []byte("y"), 0))
	want := changes(t, s)
	must(t, unix.Mkfifo(upperOf(s)+"/sub/pipe", 0o600))
	var backup bytes.Buffer
	n, err := Export(t.Context(), s, &backup)
	must(t, err)
	if n != 1 {
		t.Errorf("%d were left out", n)
	}
	r, err := Import(t.Context(), store, "again", bytes.NewReader(backup.Bytes()), ImportOptions{Unpacker: unpacker(t)})
	must(t, err)
	if r.Name != "again" || r.Bytes != s.Bytes || len(r.Parts) != 1 {
		t.Errorf("%+v", r)
	}
	if r.Parts[0].Source != "" {
		t.Errorf("the backup says that it lies over %s", r.Parts[0].Source)
	}
	again, err := state.Open(t.Context(), store, "again", state.Want{User: "jail", Parts: []state.Part{{Kind: state.KindCOW, Target: "/box/p", Source: s.Parts[0].Source}}})
	must(t, err)
	defer again.Close()
	if got := changes(t, again); !slices.Equal(got, want) {
		t.Errorf("%q\nnot %q", got, want)
	}
	if _, err := Import(t.Context(), store, "again", bytes.NewReader(backup.Bytes()), ImportOptions{Unpacker: unpacker(t)}); !errors.Is(err, state.ErrExists) {
		t.Errorf("over another: %v", err)
	}
}

func TestABadBackupLeavesNothing(t *testing.T) {
	store, s := kept(t)
	var backup bytes.Buffer
	_, err := Export(t.Context(), s, &backup)
	must(t, err)
	b := backup.Bytes()
	record := func(old, new string) []byte {
		return repacked(t, b, func(h *tar.Header, body []byte) []byte {
			if h.Name != backupRecord {
				return body
			}
			if !bytes.Contains(body, []byte(old)) {
				t.Fatalf("no %s in %s", old, body)
			}
			return bytes.ReplaceAll(body, []byte(old), []byte(new))
		})
	}
	renamed := func(old, new string) []byte {
		return repacked(t, b, func(h *tar.Header, body []byte) []byte {
			h.Name = strings.Replace(h.Name, old, new, 1)
			return body
		})
	}
	if r, err := Import(t.Context(), store, "good", bytes.NewReader(record("jail.state", "jail.state")), ImportOptions{Unpacker: unpacker(t)}); err != nil || !r.Imported {
		t.Fatalf("what is only repacked: %v", err)
	}
	must(t, state.Discard(t.Context(), store, "good"))
	for name, c := range map[string]struct {
		backup []byte
		want   error
	}{
		"empty":                   {nil, io.EOF},
		"cut":                     {b[:len(b)/2], io.ErrUnexpectedEOF},
		"no tar":                  {[]byte("hello"), io.ErrUnexpectedEOF},
		"without a record":        {renamed(backupRecord, "x"), state.ErrDamaged},
		"another part":            {renamed("d0.layer", "d9.layer"), state.ErrDamaged},
		"another file":            {renamed("d0.layer", "d0"), state.ErrDamaged},
		"a size of nothing":       {record(`"size_bytes": 16777216`, `"size_bytes": 16`), ErrSize},
		"a folder that leads out": {record(`"dir": "d0"`, `"dir": ".."`), state.ErrDamaged},
		"a number of its own":     {record(`"dir": "d0"`, `"dir": "d1"`), state.ErrDamaged},
		"a kind of its own":       {record(`"kind": "cow"`, `"kind": "x"`), state.ErrDamaged},
		"an image of none":        {record(`"image": ""`, `"image": "x"`), state.ErrDamaged},
		"another user":            {record(`"user": "jail"`, `"user": "x"`), state.ErrDamaged},
	} {
		if _, err := Import(t.Context(), store, "bad", bytes.NewReader(c.backup), ImportOptions{Unpacker: unpacker(t)}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if left, err := os.ReadDir(state.Dir(store)); err != nil || len(left) != 1 {
			t.Errorf("%s left %v, %v", name, left, err)
		}
	}
}

// repacked is a tar whose entries were edited.
func repacked(t *testing.T, b []byte, edit func(h *tar.Header, body []byte) []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	r, w := tar.NewReader(bytes.NewReader(b)), tar.NewWriter(&out)
	for {
		h, err := r.Next()
		if err == io.EOF {
			must(t, w.Close())
			return out.Bytes()
		}
		must(t, err)
		body, err := io.ReadAll(r)
		must(t, err)
		body = edit(h, body)
		h.Size = int64(len(body))
		must(t, w.WriteHeader(h))
		_, err = w.Write(body)
		must(t, err)
	}
}

// unpacker is this very program, built without cgo, with which its walls can't be
// raised (syscall.AllThreadsSyscall).
func unpacker(t *testing.T) layer.Command {
	t.Helper()
	return layer.Command{Path: nocgo.Program(t), Args: []string{layer.UnpackerName}}
}

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == layer.UnpackerName {
		os.Exit(layer.Serve(os.Args[2]))
	}
	os.Exit(nocgo.Run(m))
}
