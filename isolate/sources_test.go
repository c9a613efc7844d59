package isolate

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/test/racer"
	"golang.org/x/sys/unix"
)

func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs CAP_SYS_ADMIN to take a tree before the jail is there")
	}
}

// readsSource runs a program that reads x in a source shown at /in.
func readsSource(kind policy.FileKind, source string) (string, error) {
	c := Command(&policy.Policy{Files: []policy.File{{Kind: kind, Source: source, Target: "/in"}}}, "cat", "/in/x")
	out, err := c.Output()
	return string(out), err
}

func TestALinkThatAJailLeftLeadsTheNextNowhere(t *testing.T) {
	shared, host := t.TempDir(), filepath.Join(t.TempDir(), "host")
	ok(t, os.Mkdir(host, 0o700))
	ok(t, os.WriteFile(host+"/x", []byte("secret"), 0o600))
	ok(t, os.Mkdir(shared+"/out", 0o755))
	first := Command(&policy.Policy{Files: []policy.File{{Kind: policy.FileRW, Source: shared, Target: "/work"}}},
		"sh", "-c", "rmdir /work/out && ln -s "+host+" /work/out && ln -s / /work/root")
	ok(t, first.Run())
	for _, kind := range []policy.FileKind{policy.FileRO, policy.FileRW} {
		for _, source := range []string{"/out", "/out/x", "/root" + host} {
			out, err := readsSource(kind, shared+source)
			if !errors.Is(err, safepath.LinkInReach) || out != "" {
				t.Errorf("%s %s: %q, %v; want %v", kind, source, out, err, safepath.LinkInReach)
			}
		}
	}
	reason := policy.File{Kind: policy.FileRO, Source: shared + "/out", Target: "/in", Reason: "the test made it"}
	if out, err := Command(&policy.Policy{Files: []policy.File{reason}}, "cat", "/in/x").Output(); string(out) != "secret" || err != nil {
		t.Errorf("with a reason: %q, %v", out, err)
	}
}

func TestAnotherUsersLinkIsNoSource(t *testing.T) {
	his, ours := hostile(t)
	swap(t, his+"/sub", ours)
	for _, f := range []policy.File{
		{Kind: policy.FileRO, Source: his + "/sub"}, {Kind: policy.FileRW, Source: his + "/sub"},
		{Kind: policy.FileRW, Source: his + "/sub/x", Reason: "whatever it is"},
	} {
		f.Target = "/in"
		if err := Command(&policy.Policy{Files: []policy.File{f}}, "true").Run(); !errors.Is(err, safepath.LinkOnWay) {
			t.Errorf("%+v: %v, want %v", f, err, safepath.LinkOnWay)
		}
	}
}

// A swap comes between the look and the launch: what was looked at is shown.
func TestASwappedSourceIsShownAsItWasFound(t *testing.T) {
	asRoot(t)
	for _, kind := range []policy.FileKind{policy.FileRO, policy.FileRW} {
		his, ours := hostile(t)
		ok(t, os.WriteFile(his+"/sub/x", []byte("plain"), 0o644))
		ok(t, os.WriteFile(ours+"/x", []byte("secret"), 0o644))
		c := Command(&policy.Policy{Files: []policy.File{{Kind: kind, Source: his + "/sub", Target: "/in"}}}, "true")
		r := newRun(c)
		ok(t, r.lookAround())
		swap(t, his+"/sub", ours)
		tree := r.found.sources[0].Fd
		fd, err := unix.Openat(tree, "x", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		ok(t, err)
		b := make([]byte, 16)
		n, _ := unix.Read(fd, b)
		unix.Close(fd)
		r.release()
		if string(b[:max(n, 0)]) != "plain" {
			t.Errorf("%s: the jail gets %q", kind, b[:max(n, 0)])
		}
	}
}

func TestARacerNeverGetsASource(t *testing.T) {
	his, ours := hostile(t)
	ok(t, os.WriteFile(his+"/sub/x", []byte("plain"), 0o644))
	ok(t, os.WriteFile(ours+"/x", []byte("secret"), 0o644))
	ok(t, os.Symlink(ours, his+"/sub.link"))
	give(t, his+"/sub.link")
	stop := racer.Swap(his+"/sub", his+"/sub.link")
	for range 30 {
		if out, _ := readsSource(policy.FileRO, his+"/sub"); strings.Contains(out, "secret") {
			t.Error("the racer's link was followed")
			break
		}
	}
	stop()
}

func TestASourceIsJudgedByWhatItReallyIs(t *testing.T) {
	dir := t.TempDir()
	for name, to := range map[string]string{"run": "/run", "etc": "/etc", "dbus": "/run/dbus", "usr": "/usr"} {
		ok(t, os.Symlink(to, filepath.Join(dir, name)))
	}
	for _, c := range []struct {
		kind    policy.FileKind
		real    string
		refused bool
	}{
		{policy.FileRO, "/run", true}, {policy.FileRO, "/", true}, {policy.FileRW, "/etc", true}, {policy.FileRW, "/usr/bin", true},
		{policy.FileRO, "/etc", false}, {policy.FileRO, "/usr", false}, {policy.FileRW, dir, false},
	} {
		err := dangerous(&policy.File{Kind: c.kind, Source: dir + "/link"}, c.real)
		if errors.Is(err, policy.ErrDangerous) != c.refused {
			t.Errorf("%s of a link to %s: %v", c.kind, c.real, err)
		}
	}
	// Links in the system's own folders are followed, and judged by their end.
	if err := Command(&policy.Policy{Files: []policy.File{{Kind: policy.FileRO, Source: "/var/run", Target: "/in"}}}, "true").Run(); !errors.Is(err, policy.ErrDangerous) {
		t.Errorf("/var/run: %v", err)
	}
	if st, err := os.Lstat("/bin"); err == nil && st.Mode()&os.ModeSymlink != 0 {
		ok(t, Command(&policy.Policy{Files: []policy.File{{Kind: policy.FileRO, Source: "/bin", Target: "/in"}}}, "test", "-x", "/in/sh").Run())
	}
}

func TestNothingIsPutBehindALinkOfASource(t *testing.T) {
	dir := t.TempDir()
	ok(t, os.Mkdir(dir+"/real", 0o755))
	ok(t, os.Symlink("real", dir+"/link"))
	ok(t, os.Symlink("/etc", dir+"/away"))
	under := func(f policy.File) error {
		return Command(&policy.Policy{Files: []policy.File{{Kind: policy.FileRW, Source: dir, Target: "/work"}, f}}, "true").Run()
	}
	ok(t, under(policy.File{Kind: policy.FileTmpfs, Target: "/work/real"}))
	for _, f := range []policy.File{
		{Kind: policy.FileTmpfs, Target: "/work/link"}, {Kind: policy.FileHide, Target: "/work/away"}, {Kind: policy.FileHide, Target: "/work/away/passwd"},
		{Kind: policy.FileRO, Source: "/opt", Target: "/work/away/ssl"},
	} {
		if err := under(f); !errors.Is(err, safepath.SymbolicLink) {
			t.Errorf("%+v: %v, want %v", f, err, safepath.SymbolicLink)
		}
	}
}
