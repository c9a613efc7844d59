package images

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestAnUnchangedNginxServes as root inside, on the loopback of its own network.
func TestAnUnchangedNginxServes(t *testing.T) {
	u := withDebian(t, services)
	r, res := u.exec(t, "--image", "debian", "--user", "root", "--", "bash", "-c", `set -e
		nginx
		exec 3<>/dev/tcp/127.0.0.1/80
		printf 'GET / HTTP/1.0\r\n\r\n' >&3
		head -n 1 <&3
		for p in $(pidof nginx 2>/dev/null || cat /run/nginx.pid); do :; done
		stat -c %U /proc/[0-9]*/exe 2>/dev/null | sort -u | head -n 2`)
	if r.status != 0 {
		t.Fatalf("%s: %s%s", res.Reason, r.out, r.err)
	}
	contains(t, r.out, "HTTP/1.1 200 OK")
	contains(t, res.Enforced.Capabilities.Detail, "capget gives CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, NET_BIND_SERVICE, SETGID, SETUID, the bounding set no more")
	contains(t, res.Enforced.UserNS.Detail, "which have no right there", "the kernel's code for privileged users can be reached")
}

// TestRootHasTheCapabilitiesThatWereNamedAndNoOther, and what it can't do without them
// fails.
func TestRootHasTheCapabilitiesThatWereNamedAndNoOther(t *testing.T) {
	u := withDebian(t, services)
	r, res := u.exec(t, "--image", "debian", "--user", "root", "--cap", "CHOWN", "--", "sh", "-c", "grep CapEff /proc/self/status; chown 7:8 /etc/hostname && stat -c %u:%g /etc/hostname; nginx")
	contains(t, r.out, "CapEff:\t0000000000000001", "7:8")
	if r.status == 0 {
		t.Error("a port below 1024 without NET_BIND_SERVICE")
	}
	contains(t, res.Enforced.Capabilities.Detail, "capget gives CHOWN, the bounding set no more")
}

// TestAPackageThatAptInstallsIsThereInTheNextRun of the same state, without a network.
func TestAPackageThatAptInstallsIsThereInTheNextRun(t *testing.T) {
	u := withDebian(t, compilers)
	repo := repository(t)
	u.says(t, "--image debian --user root --state apt --bind "+repo+":/repo:ro", "sh", "-c", `set -e
		rm -f /etc/apt/sources.list.d/*
		echo 'deb [trusted=yes] file:/repo ./' >/etc/apt/sources.list
		apt-get update
		apt-get install -y greeter`)
	wants(t, u.says(t, "--user root --state apt", "greeter"), "hello from a package")
	wants(t, u.says(t, "--user root --state apt", "dpkg-query", "-W", "-f", "${Status}", "greeter"), "install ok installed")
	contains(t, u.does(t, "state", "diff", "apt"), "/usr/bin/greeter", "/var/lib/dpkg/status")
	if r, _ := u.exec(t, "--image", "debian", "--user", "root", "--", "greeter"); r.status != 127 {
		t.Errorf("without the state: status %d", r.status)
	}
	u.does(t, "state", "discard", "apt")
}

// repository is a folder as apt reads it (sources.list(5)), of one small package.
func repository(t *testing.T) string {
	t.Helper()
	dir, pkg := public(t), t.TempDir()
	const control = "Package: greeter\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: says hello\n"
	for name, text := range map[string]string{"DEBIAN/control": control, "usr/bin/greeter": "#!/bin/sh\necho hello from a package\n"} {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(pkg, name)), 0o755))  // #nosec G301 -- as dpkg-deb(1) wants it
		must(t, os.WriteFile(filepath.Join(pkg, name), []byte(text), 0o755)) // #nosec G306 -- likewise
	}
	deb := filepath.Join(dir, "greeter.deb")
	must(t, os.Chmod(pkg, 0o755)) // #nosec G302 -- likewise
	tool(t, "dpkg-deb", "--root-owner-group", "--build", pkg, deb)
	b := content(t, deb)
	index := fmt.Sprintf("%sFilename: ./greeter.deb\nSize: %d\nSHA256: %x\n\n", control, len(b), sha256.Sum256([]byte(b)))
	must(t, os.WriteFile(filepath.Join(dir, "Packages"), []byte(index), 0o644)) // #nosec G306 -- apt's own user reads it
	return dir
}

// TestAnOrdinaryUserIsToldWhyHeCantBeRootInside, and what to do.
func TestAnOrdinaryUserIsToldWhyHeCantBeRootInside(t *testing.T) {
	u := newUser(t, ordinary())
	r, res := u.exec(t, "--user", "root", "--", "true")
	if r.status != 125 || res.Reason != "setup-failed" {
		t.Errorf("status %d, %s", r.status, res.Reason)
	}
	contains(t, r.err, "only root may give them", "run jail as root, or leave --user out")
}
