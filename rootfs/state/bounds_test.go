package state

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestHolesAreNotWritten(t *testing.T) {
	dir := project(t)
	_, s := kept(t, dir, map[string]string{"big": "begin"})
	const size = 1 << 40
	must(t, os.Truncate(upperOf(s)+"/big", size))
	f, err := os.OpenFile(upperOf(s)+"/big", os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteAt([]byte("end"), size-3)
	must(t, err)
	must(t, f.Close())
	_, left := applies(t, s)
	same(t, "left", left)
	var st unix.Stat_t
	must(t, unix.Stat(dir+"/big", &st))
	if st.Size != size || st.Blocks*512 > 1<<20 {
		t.Errorf("%d bytes in %d blocks", st.Size, st.Blocks)
	}
	f, err = os.Open(dir + "/big")
	must(t, err)
	defer f.Close()
	var begin [6]byte
	var end [3]byte
	_, err = f.ReadAt(begin[:], 0)
	must(t, err)
	_, err = f.ReadAt(end[:], size-3)
	must(t, err)
	if string(begin[:]) != "begin\x00" || string(end[:]) != "end" {
		t.Errorf("%q, %q", begin, end)
	}
}

func TestMoreThanTheLimitIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	dir := project(t)
	_, s := kept(t, dir, map[string]string{"a": strings.Repeat("a", 600), "new": strings.Repeat("n", 600), "b": "gone"})
	if _, err := s.Apply(t.Context(), nil, ApplyOptions{Bytes: 1000}); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	reads(t, dir, map[string]string{"a": "a", "b": "b", "new": ""})
	_, err := s.Apply(t.Context(), []string{"/box/p/new"}, ApplyOptions{Bytes: 1000})
	must(t, err)
}

// deep makes folders within folders, as no path can name them.
func deep(t *testing.T, at string, levels int) {
	t.Helper()
	fd, err := unix.Open(at, unix.O_PATH|unix.O_DIRECTORY, 0)
	must(t, err)
	for range levels {
		must(t, unix.Mkdirat(fd, "d", 0o755))
		next, err := unix.Openat(fd, "d", unix.O_PATH|unix.O_DIRECTORY, 0)
		must(t, err)
		unix.Close(fd)
		fd = next
	}
	unix.Close(fd)
}

func TestTooManyFoldersWithinFoldersAreRefusedWhenTheRestIsTold(t *testing.T) {
	dir := project(t)
	_, s := kept(t, dir, map[string]string{"b": "gone", "z": "z"})
	deep(t, upperOf(s), 1000)
	told := 0
	if err := s.Diff(t.Context(), nil, func(Change) error { told++; return nil }); !errors.Is(err, ErrTooDeep) || told != mostDepth+1 {
		t.Errorf("%v after %d", err, told)
	}
	if _, err := s.Apply(t.Context(), nil, ApplyOptions{}); !errors.Is(err, ErrTooDeep) {
		t.Error(err)
	}
	reads(t, dir, map[string]string{"b": "b", "z": ""})
	applies(t, s, "/box/p/z")
	reads(t, dir, map[string]string{"b": "b", "z": "z"})
}

func TestMoreNamesThanTheBoundAreAnError(t *testing.T) {
	_, s := kept(t, project(t), map[string]string{"more/1": "1", "more/2": "2", "more/3": "3"})
	for _, few := range [...]bounds{{names: 3, room: 1 << 20}, {names: 100, room: 40}} {
		w := &walk{visit: func(*entry) (bool, error) { return false, nil }, bounded: few}
		if err := s.walk(t.Context(), w, &s.Parts[0], nil); !errors.Is(err, ErrTooMany) {
			t.Errorf("%+v: %v", few, err)
		}
	}
}

func TestANameThatIsNoTextIsToldInHexToo(t *testing.T) {
	_, s := kept(t, project(t), map[string]string{"no\xfftext": "1"})
	var line []byte
	must(t, s.Diff(t.Context(), nil, func(c Change) (err error) {
		line, err = json.Marshal(c)
		return err
	}))
	if !strings.Contains(string(line), `"path_hex":"2f626f782f702f6e6fff74657874"`) || !strings.Contains(string(line), `"host_folder":"/`) {
		t.Errorf("%s", line)
	}
}
