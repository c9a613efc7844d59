package draft

import (
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func folder(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Open(t.TempDir())
	must(t, err)
	t.Cleanup(func() { f.Close() })
	must(t, os.WriteFile(f.Name()+"/there", []byte("old"), 0o600))
	must(t, os.Symlink("there", f.Name()+"/link"))
	must(t, os.Mkdir(f.Name()+"/dir", 0o700))
	return f
}

// makers are both ways to begin: the second is that of file systems without
// O_TMPFILE.
var makers = map[string]func(*os.File, os.FileMode) (*Draft, error){"without a name": New, "with one": named}

func TestADraftGetsItsNameAndTakesNoOther(t *testing.T) {
	for way, begin := range makers {
		for _, tc := range []struct {
			name    string
			publish func(*Draft, string) error
			want    error
			content string
		}{
			{"new", (*Draft).Publish, nil, "new"},
			{"new", (*Draft).Replace, nil, "new"},
			{"there", (*Draft).Publish, unix.EEXIST, "old"},
			{"there", (*Draft).Replace, nil, "new"},
			{"link", (*Draft).Publish, unix.EEXIST, "old"},
			{"link", (*Draft).Replace, safepath.SymbolicLink, "old"},
			{"dir", (*Draft).Publish, unix.EEXIST, ""},
			{"dir", (*Draft).Replace, safepath.Directory, ""},
		} {
			dir := folder(t)
			d, err := begin(dir, 0o644)
			must(t, err)
			_, err = d.File.WriteString("new")
			must(t, err)
			if err := tc.publish(d, tc.name); !errors.Is(err, tc.want) || tc.want == nil && err != nil {
				t.Errorf("%s, %s: %v, not %v", way, tc.name, err, tc.want)
			}
			d.Drop()
			if got, _ := os.ReadFile(dir.Name() + "/" + tc.name); string(got) != tc.content {
				t.Errorf("%s: %s holds %q", way, tc.name, got)
			}
			names, err := dir.Readdirnames(-1)
			must(t, err)
			if slices.ContainsFunc(names, func(n string) bool { return n[0] == '.' }) || len(names) > 4 {
				t.Errorf("%s: %q", way, names)
			}
		}
	}
}

func TestNothingIsSeenOfADraft(t *testing.T) {
	dir := folder(t)
	fd, err := unix.Openat(int(dir.Fd()), ".", unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		t.Skip("feature unnamed files: this file system has no O_TMPFILE: ", err)
	}
	unix.Close(fd)
	d, err := New(dir, 0o644)
	must(t, err)
	defer d.Drop()
	if d.name != "" {
		t.Fatalf("it has the name %s", d.name)
	}
	if names, err := dir.Readdirnames(-1); err != nil || len(names) != 3 {
		t.Errorf("%q, %v", names, err)
	}
}
