package rootfs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jailrun/jail/test/apart"
	"golang.org/x/sys/unix"
)

// A tree is a host in a few lines: "path/" is a folder, "path -> target" a
// link, "path !" a file that not everybody may read, and all else a file.
type tree []string

func (tr tree) make(t *testing.T) *Host {
	t.Helper()
	dir := t.TempDir()
	for _, line := range tr {
		name, target, link := strings.Cut(line, " -> ")
		name, secret := strings.CutSuffix(name, " !")
		at := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(at), 0o755))
		switch {
		case link:
			must(t, os.Symlink(target, at))
		case strings.HasSuffix(name, "/"):
			must(t, os.MkdirAll(at, 0o755))
		case secret:
			must(t, os.WriteFile(at, nil, 0o640))
		default:
			must(t, os.WriteFile(at, nil, 0o644))
			must(t, os.Chmod(at, 0o755))
		}
	}
	h, err := NewHost(dir)
	must(t, err)
	t.Cleanup(func() { h.Close() })
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var (
	debian = tree{
		"usr/bin/env", "usr/bin/mawk", "usr/lib64/", "usr/lib/os-release", "usr/sbin/", "usr/share/zoneinfo/Etc/UTC",
		"bin -> usr/bin", "sbin -> usr/sbin", "lib -> usr/lib", "lib64 -> usr/lib64",
		"usr/bin/awk -> /etc/alternatives/awk", "etc/alternatives/awk -> /usr/bin/mawk",
		"etc/shadow !", "etc/machine-id", "etc/ssh/", "etc/ssl/private/", "etc/ssl/certs/", "etc/ssl/openssl.cnf",
		"etc/java-17-openjdk/", "etc/java-21-openjdk/", "etc/ld.so.cache", "etc/mime.types", "etc/ld.so.preload",
		"etc/localtime -> /usr/share/zoneinfo/Etc/UTC", "etc/os-release -> ../usr/lib/os-release",
		"etc/python3.11/sitecustomize.py", "etc/python3/", "root/", "home/u/bin/tool", "var/lib/", "opt/", "run/", "sys/",
		"etc/fpc.cfg -> /etc/alternatives/fpc.cfg", "etc/alternatives/fpc.cfg -> /etc/fpc-3.2.2.cfg", "etc/fpc-3.2.2.cfg",
	}
	slackware = tree{
		"usr/bin/env", "bin/sh", "sbin/", "lib/", "lib64/", "etc/ld.so.cache", "etc/localtime", "etc/passwd",
	}
	alpine = tree{
		"etc/alpine-release", "usr/bin/env -> /bin/busybox", "usr/sbin/", "usr/local/", "bin/busybox", "bin/sh -> /bin/busybox",
		"sbin/", "lib/ld-musl-x86_64.so.1", "etc/ld-musl-x86_64.path", "etc/ssl/certs/ca-certificates.crt",
		"etc/ssl/cert.pem -> certs/ca-certificates.crt", "etc/ssl/private/", "etc/os-release -> ../usr/lib/os-release", "usr/lib/os-release",
	}
	nixos = tree{
		"etc/NIXOS", "nix/store/sys/sw/bin/", "nix/store/sys/etc/ssl/certs/", "nix/store/bash/bin/sh", "nix/store/env", "nix/store/tz/Berlin",
		"run/current-system -> /nix/store/sys", "etc/static -> /nix/store/sys/etc", "bin/sh -> /nix/store/bash/bin/sh",
		"usr/bin/env -> /nix/store/env", "etc/ssl/certs/ca.crt -> /etc/static/ssl/certs/ca.crt",
		"etc/localtime -> /etc/zoneinfo/Berlin", "etc/zoneinfo -> /etc/static/zoneinfo", "nix/var/", "root/",
	}
	guix = tree{
		"gnu/store/sys/profile/bin/", "gnu/store/sys/profile/etc/ssl/certs/", "gnu/store/bash/bin/sh",
		"run/current-system -> /var/guix/profiles/system", "var/guix/profiles/system -> system-7-link",
		"var/guix/profiles/system-7-link -> /gnu/store/sys", "bin/sh -> /gnu/store/bash/bin/sh",
		"etc/ssl -> /run/current-system/profile/etc/ssl",
	}
	fedora = tree{
		"usr/bin/env", "usr/lib/", "usr/lib64/", "bin -> usr/bin", "sbin -> usr/bin", "lib -> usr/lib", "lib64 -> usr/lib64",
		"etc/pki/tls/certs/ca-bundle.crt -> /etc/pki/ca-trust/extracted/pem/bundle.pem", "etc/pki/ca-trust/extracted/pem/bundle.pem",
		"etc/pki/tls/private/", "etc/pki/entitlement/", "etc/pki/tls/openssl.cnf",
		"etc/ssl/certs -> ../pki/tls/certs", "etc/ssl/openssl.cnf -> ../pki/tls/openssl.cnf", "etc/crypto-policies/",
	}
	suse = tree{
		"usr/bin/env", "usr/lib64/", "bin -> usr/bin", "lib64 -> usr/lib64",
		"etc/ssl/certs -> /var/lib/ca-certificates/pem", "var/lib/ca-certificates/pem/a.pem",
		"etc/mime.types !", "etc/ld.so.cache -> /var/cache/ld.so.cache", "var/cache/ld.so.cache",
	}
)

// shape is what matters of a view, a line for each entry that the host decides.
func shape(v View) (lines []string) {
	for _, e := range v.Entries {
		switch e.Kind {
		case Overlay, Copy:
			lines = append(lines, e.Kind.String()+" "+e.Path+" = "+e.Source)
		case Symlink:
			lines = append(lines, e.Path+" -> "+e.Target)
		}
	}
	return lines
}

func TestEachLayoutIsKnownAndShown(t *testing.T) {
	for _, tc := range []struct {
		name, layout string
		host         tree
		want         []string
	}{
		{"debian", "merged-usr", debian, []string{
			"/bin -> usr/bin", "/lib -> usr/lib", "/lib64 -> usr/lib64", "/sbin -> usr/sbin", "overlay /usr = /usr",
			"overlay /etc/alternatives = /etc/alternatives", "copy /etc/fpc-3.2.2.cfg = /etc/fpc-3.2.2.cfg", "/etc/fpc.cfg -> alternatives/fpc.cfg",
			"overlay /etc/java-17-openjdk = /etc/java-17-openjdk", "overlay /etc/java-21-openjdk = /etc/java-21-openjdk",
			"copy /etc/ld.so.cache = /etc/ld.so.cache", "/etc/localtime -> ../usr/share/zoneinfo/Etc/UTC",
			"copy /etc/mime.types = /etc/mime.types", "/etc/os-release -> ../usr/lib/os-release", "/var/tmp -> ../tmp",
			"copy /etc/python3.11/sitecustomize.py = /etc/python3.11/sitecustomize.py",
			"overlay /etc/ssl/certs = /etc/ssl/certs", "copy /etc/ssl/openssl.cnf = /etc/ssl/openssl.cnf"}},
		{"slackware", "split-usr", slackware, []string{
			"overlay /bin = /bin", "overlay /lib = /lib", "overlay /lib64 = /lib64", "overlay /sbin = /sbin", "overlay /usr = /usr",
			"copy /etc/ld.so.cache = /etc/ld.so.cache", "copy /etc/localtime = /etc/localtime", "/var/tmp -> ../tmp"}},
		{"alpine", "alpine", alpine, []string{
			"overlay /bin = /bin", "overlay /lib = /lib", "overlay /sbin = /sbin", "overlay /usr = /usr",
			"copy /etc/ld-musl-x86_64.path = /etc/ld-musl-x86_64.path", "/etc/os-release -> ../usr/lib/os-release", "/var/tmp -> ../tmp",
			"/etc/ssl/cert.pem -> certs/ca-certificates.crt", "overlay /etc/ssl/certs = /etc/ssl/certs"}},
		{"nixos", "nixos", nixos, []string{
			"/bin/sh -> ../nix/store/bash/bin/sh", "/etc/localtime -> ../nix/store/sys/etc/zoneinfo/Berlin", "/etc/static -> ../nix/store/sys/etc",
			"overlay /nix/store = /nix/store", "/run/current-system -> ../nix/store/sys", "/var/tmp -> ../tmp",
			"overlay /etc/ssl/certs = /etc/ssl/certs", "/usr/bin/env -> ../../nix/store/env"}},
		{"guix", "guix", guix, []string{
			"/bin/sh -> ../gnu/store/bash/bin/sh", "overlay /gnu/store = /gnu/store", "/run/current-system -> ../gnu/store/sys", "/var/tmp -> ../tmp",
			"/etc/ssl/cert.pem -> ../../gnu/store/sys/profile/etc/ssl/cert.pem", "/etc/ssl/certs -> ../../gnu/store/sys/profile/etc/ssl/certs",
			"/etc/ssl/openssl.cnf -> ../../gnu/store/sys/profile/etc/ssl/openssl.cnf"}},
		{"fedora", "merged-usr", fedora, []string{
			"/bin -> usr/bin", "/lib -> usr/lib", "/lib64 -> usr/lib64", "/sbin -> usr/bin", "overlay /usr = /usr",
			"overlay /etc/crypto-policies = /etc/crypto-policies", "/var/tmp -> ../tmp",
			"/etc/ssl/certs -> ../pki/tls/certs", "copy /etc/ssl/openssl.cnf = /etc/pki/tls/openssl.cnf",
			"overlay /etc/pki/ca-trust/extracted = /etc/pki/ca-trust/extracted", "overlay /etc/pki/tls/certs = /etc/pki/tls/certs",
			"copy /etc/pki/tls/openssl.cnf = /etc/pki/tls/openssl.cnf"}},
		{"suse", "merged-usr", suse, []string{
			"/bin -> usr/bin", "/lib64 -> usr/lib64", "overlay /usr = /usr", "copy /etc/ld.so.cache = /var/cache/ld.so.cache", "/var/tmp -> ../tmp",
			"overlay /etc/ssl/certs = /var/lib/ca-certificates/pem"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v, err := HostView(tc.host.make(t))
			must(t, err)
			if v.Layout != tc.layout {
				t.Errorf("layout %s, want %s", v.Layout, tc.layout)
			}
			if d := cmp.Diff(tc.want, shape(v)); d != "" {
				t.Errorf("entries (-want +got):\n%s", d)
			}
			isOrderly(t, v)
			hidesSecrets(t, v)
		})
	}
}

// isOrderly holds what a mounter relies on.
func isOrderly(t *testing.T, v View) {
	t.Helper()
	made := map[string]Kind{"/": Dir}
	for _, e := range v.Entries {
		parent := filepath.Dir(e.Path)
		kind, ok := made[parent]
		for ; !ok; kind, ok = made[parent] {
			parent = filepath.Dir(parent)
		}
		if kind != Dir && kind != Overlay || kind == Dir && parent != filepath.Dir(e.Path) {
			t.Errorf("%s is made in %s, a %v", e.Path, parent, kind)
		}
		if _, twice := made[e.Path]; twice {
			t.Errorf("%s is made twice", e.Path)
		}
		made[e.Path] = e.Kind
		if e.Why == "" || !filepath.IsAbs(e.Path) || filepath.Clean(e.Path) != e.Path || filepath.IsAbs(e.Target) {
			t.Errorf("%+v has no reason, or an odd path", e)
		}
		if (e.Kind == Dir || e.Kind == Text || e.Kind == Copy) && e.Mode == 0 {
			t.Errorf("%s has no mode", e.Path)
		}
	}
}

// hidesSecrets names what no host view may show as a whole, or at all.
func hidesSecrets(t *testing.T, v View) {
	t.Helper()
	for _, e := range v.Entries {
		if e.Source == "" {
			continue
		}
		for _, secret := range []string{"/", "/etc", "/etc/shadow", "/etc/gshadow", "/etc/machine-id", "/etc/ssh", "/etc/ssl", "/etc/ssl/private",
			"/etc/pki", "/etc/pki/tls", "/etc/pki/tls/private", "/etc/ld.so.preload", "/root", "/home", "/var", "/var/lib", "/opt", "/sys", "/proc", "/dev", "/run", "/tmp"} {
			if e.Source == secret || e.Path == secret {
				t.Errorf("%v %s shows %s", e.Kind, e.Path, secret)
			}
		}
	}
}

func TestThisHostIsShown(t *testing.T) {
	h, err := NewHost("/")
	must(t, err)
	defer h.Close()
	v, err := HostView(h)
	must(t, err)
	isOrderly(t, v)
	hidesSecrets(t, v)
	for _, e := range v.Entries {
		if e.Source == "" {
			continue
		}
		if real, err := filepath.EvalSymlinks(e.Source); err != nil || real != e.Source {
			t.Errorf("the source of %s is %s (%v)", e.Path, real, err)
		}
	}
	for path, want := range map[string]bool{"/bin/sh": true, "/etc/localtime": fileExists("/etc/localtime"), "/etc/shadow": false, "/root": false} {
		if h.Visible(v, path) != want {
			t.Errorf("%s is visible: %v", path, !want)
		}
	}
}

func fileExists(path string) bool { _, err := os.Stat(path); return err == nil }

func TestProbingIsCheap(t *testing.T) {
	for _, dir := range []string{"/", debian.make(t).dir} {
		h, err := NewHost(dir)
		must(t, err)
		_, err = HostView(h)
		must(t, err)
		must(t, h.Close())
		if h.calls > 40 {
			t.Errorf("%s: %d system calls", dir, h.calls)
		}
		t.Logf("%s: %d system calls", dir, h.calls)
	}
}

func TestUnknownLayoutIsAnError(t *testing.T) {
	_, err := HostView(tree{"app", "data/"}.make(t))
	var e *Error
	if !errors.Is(err, ErrUnknownLayout) || !errors.As(err, &e) || e.Hint == "" {
		t.Errorf("%v", err)
	}
}

func TestMissingNeedIsAnError(t *testing.T) {
	_, err := HostView(tree{"etc/NIXOS", "nix/store/", "run/"}.make(t))
	var e *Error
	if !errors.Is(err, unix.ENOENT) || !errors.As(err, &e) || e.Object != "/run/current-system" {
		t.Errorf("%v", err)
	}
}

func TestWhatCannotBeShownIsNamedWithItsReason(t *testing.T) {
	host := append(tree{"etc/php", "etc/os-release/", "etc/localtime -> loop", "etc/loop -> localtime"}, suse...)
	v, err := HostView(host.make(t))
	must(t, err)
	for _, want := range []string{"/lib", "/etc/php: is not a folder", "/etc/mime.types: not everybody may read it",
		"/etc/os-release: is not a regular file", "/etc/localtime: too many levels of symbolic links", "/etc/java*-openjdk"} {
		if !contains(v.Absent, want) {
			t.Errorf("%q is not among %q", want, v.Absent)
		}
	}
}

func contains(list []string, s string) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}

// A tree's links must not be followed on the real host: here an absolute one
// and one with more ".." than there are folders.
func TestLinksStayInTheTree(t *testing.T) {
	h := append(tree{"etc/ssl/certs -> /var/certs", "var/certs/", "etc/localtime -> ../../../../../../../../zone", "zone"}, slackware[:5]...).make(t)
	v, err := HostView(h)
	must(t, err)
	got := strings.Join(shape(v), "\n")
	for _, want := range []string{"overlay /etc/ssl/certs = /var/certs", "copy /etc/localtime = /zone"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestEtcMayBeALink(t *testing.T) {
	h := tree{"usr/bin/", "bin -> usr/bin", "etc -> persist/etc", "persist/etc/alternatives/", "persist/etc/java-21-openjdk/", "persist/etc/ld.so.cache"}.make(t)
	v, err := HostView(h)
	must(t, err)
	want := []string{"/bin -> usr/bin", "overlay /usr = /usr", "overlay /etc/alternatives = /persist/etc/alternatives",
		"overlay /etc/java-21-openjdk = /persist/etc/java-21-openjdk", "copy /etc/ld.so.cache = /persist/etc/ld.so.cache", "/var/tmp -> ../tmp"}
	if d := cmp.Diff(want, shape(v)); d != "" {
		t.Error(d)
	}
}

func TestFolderThatCannotBeListedIsAskedNameByName(t *testing.T) {
	h := debian.make(t)
	h.list()
	listed := h.top.read && h.etc.read
	h2 := debian.make(t)
	h2.top, h2.etc = listing{path: "/"}, listing{path: "/etc"}
	for _, path := range []string{"/bin", "/etc/localtime", "/etc/ssl/certs", "/etc/none", "/lib64"} {
		a, errA := h.walk(path, nil)
		b, errB := h2.walk(path, nil)
		if !listed || a != b || !errors.Is(errA, errB) {
			t.Errorf("%s: %v %v, and %v %v", path, a, errA, b, errB)
		}
	}
}

func TestOwnMountOfUsrLocalIsShown(t *testing.T) {
	apart.Run(t, func(string) { showsOwnMount(t) })
}

func showsOwnMount(t *testing.T) {
	h := append(tree{"usr/local/bin/"}, debian...).make(t)
	must(t, unix.Mount("local", h.dir+"/usr/local", "tmpfs", 0, "size=64k"))
	v, err := HostView(h)
	must(t, err)
	if !strings.Contains(strings.Join(shape(v), "\n"), "overlay /usr/local = /usr/local") {
		t.Errorf("%q", shape(v))
	}
	isOrderly(t, v)
	must(t, unix.Unmount(h.dir+"/usr/local", 0))
}

func TestAsBindsLeavesNoOverlayAndTheOriginal(t *testing.T) {
	v, err := HostView(debian.make(t))
	must(t, err)
	binds := v.AsBinds()
	for i := range v.Entries {
		if binds.Entries[i].Kind == Overlay || v.Entries[i].Kind == Bind {
			t.Errorf("%v, %v", v.Entries[i], binds.Entries[i])
		}
	}
}

func BenchmarkHostView(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		h, err := NewHost("/")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := HostView(h); err != nil {
			b.Fatal(err)
		}
		h.Close()
	}
}
