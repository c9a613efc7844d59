package rootfs

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func text(v View, path string) string {
	for _, e := range v.Entries {
		if e.Path == path {
			return e.Data
		}
	}
	return ""
}

func TestIdentityNamesTheUserAndNobodyOfTheHost(t *testing.T) {
	base, err := HostView(debian.make(t))
	must(t, err)
	before := len(base.Entries)
	for _, tc := range []struct {
		id                   Identity
		passwd, group, hosts string
	}{
		{Identity{UID: 1000, GID: 1001, User: "u", Group: "g", Home: "/w", Hostname: "h"},
			"u:x:1000:1001::/w:/bin/sh\nroot:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
			"g:x:1001:\nroot:x:0:\nnogroup:x:65534:\n",
			"127.0.0.1 localhost h\n::1 localhost h\n"},
		{Identity{UID: 0, GID: 0, User: "root", Group: "root", Hostname: "localhost"},
			"root:x:0:0::/box:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
			"root:x:0:\nnogroup:x:65534:\n",
			"127.0.0.1 localhost\n::1 localhost\n"},
	} {
		v, err := base.With(tc.id)
		must(t, err)
		for path, want := range map[string]string{"/etc/passwd": tc.passwd, "/etc/group": tc.group, "/etc/hosts": tc.hosts} {
			if got := text(v, path); got != want {
				t.Errorf("%s:\n%s\nwant\n%s", path, got, want)
			}
		}
		isOrderly(t, v)
	}
	if len(base.Entries) != before || text(base, "/etc/passwd") != "" {
		t.Error("With changed the view that it was given")
	}
}

func TestIdentityCannotForgeALine(t *testing.T) {
	for _, id := range []Identity{{User: "a:x:0:0"}, {Group: "a\nroot"}, {Home: "/a:b"}, {Hostname: "a\n1.2.3.4 bank"}, {User: "a b"}} {
		if _, err := (View{}).With(id); !errors.Is(err, ErrBadIdentity) {
			t.Errorf("%+v: %v", id, err)
		}
	}
}

func TestDeviceNodesAreWhatTheirNamesSay(t *testing.T) {
	for _, d := range Dev() {
		if d.Why == "" {
			t.Errorf("%s has no reason", d.Name)
		}
		var st unix.Stat_t
		if d.Kind != DevNode {
			continue
		}
		must(t, unix.Stat(filepath.Join("/dev", d.Name), &st))
		if st.Mode&unix.S_IFMT != unix.S_IFCHR || st.Rdev != unix.Mkdev(d.Major, d.Minor) {
			t.Errorf("/dev/%s is %#o %#x", d.Name, st.Mode, st.Rdev)
		}
	}
	Dev()[0].Name = "changed"
	if Dev()[0].Name != "null" {
		t.Error("the caller can change the table")
	}
}

func TestKindsHaveNames(t *testing.T) {
	for k := Dir; k <= Text; k++ {
		if b, err := k.MarshalText(); err != nil || len(b) == 0 || string(b) != k.String() {
			t.Errorf("%d: %q %v", k, b, err)
		}
	}
	if _, err := NewHost(t.TempDir() + "/none"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
