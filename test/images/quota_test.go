package images

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/test/oci"
)

// filler writes to a folder until that fails, and prints the errno: bytes to one file,
// or files without any.
const filler = `#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static char block[1 << 16];
static int bytes(const char *dir) {
	char path[256];
	snprintf(path, sizeof path, "%s/big", dir);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	while (fd >= 0 && write(fd, block, sizeof block) > 0) ;
	return fd >= 0 && errno == ENOSPC;
}
static int files(const char *dir) {
	char path[256];
	for (int i = 0;; i++) {
		snprintf(path, sizeof path, "%s/f%d", dir, i);
		int fd = open(path, O_WRONLY | O_CREAT, 0600);
		if (fd < 0) return errno == ENOSPC;
		close(fd);
	}
}
int main(int argc, char **argv) {
	if (argc != 3) return 2;
	int met = argv[1][0] == 'b' ? bytes(argv[2]) : files(argv[2]);
	puts(met ? "ENOSPC" : strerror(errno));
	return 0;
}
`

// oneWrite is what the filler writes at once, in blocks: so much may be left.
const oneWrite = 1 << 16 / 4096

// withFiller has an image whose one program fills folders.
func withFiller(t *testing.T) string {
	t.Helper()
	dir := public(t)
	source, program := filepath.Join(dir, "filler.c"), filepath.Join(dir, "filler")
	must(t, os.WriteFile(source, []byte(filler), 0o600))
	tool(t, "gcc", "-static", "-O1", "-o", program, source)
	layers := append(small(t), layerOf(t, oci.File{Name: "bin/"}, oci.File{Name: "bin/filler", Body: content(t, program)}))
	must(t, image(layers...).Layout(filepath.Join(dir, "layout")))
	return filepath.Join(dir, "layout")
}

// TestTheJailsOwnFoldersHoldWhatTheyMay: one quota for all that is not kept, the layer of
// the root's changes too. The program gets ENOSPC, and the result says what was full.
func TestTheJailsOwnFoldersHoldWhatTheyMay(t *testing.T) {
	layout := withFiller(t)
	asRootAndNot(t, func(t *testing.T, u *user) {
		u.does(t, "image", "import", "--quiet", layout, "filler")
		for _, dir := range []string{"/box", "/tmp", "/dev/shm", "/opt"} {
			r, res := u.exec(t, "--image", "filler", "--disk", "4M", "--", "filler", "bytes", dir)
			wants(t, r.out, "ENOSPC")
			if s := res.Evidence.Box; s == nil || s.BlocksFree != 0 || s.InodesFree == 0 {
				t.Errorf("bytes in %s: %+v", dir, s)
			}
			r, res = u.exec(t, "--image", "filler", "--inodes", "500", "--", "filler", "files", dir)
			wants(t, r.out, "ENOSPC")
			if s := res.Evidence.Box; s == nil || s.BlocksFree == 0 || s.InodesFree != 0 {
				t.Errorf("files in %s: %+v", dir, s)
			}
		}
	})
}

// TestRootsStateHoldsWhatItMay: it is a file system of that size.
func TestRootsStateHoldsWhatItMay(t *testing.T) {
	layout := withFiller(t)
	u := newUser(t, 0)
	u.does(t, "image", "import", "--quiet", layout, "filler")
	for _, what := range []string{"bytes", "files"} {
		r, res := u.exec(t, "--image", "filler", "--state", what, "--state-size", "16M", "--", "filler", what, "/opt")
		wants(t, r.out, "ENOSPC")
		s := res.Evidence.State
		if s == nil || what == "bytes" && s.BlocksFree >= oneWrite || what == "files" && s.InodesFree != 0 {
			t.Errorf("%s: %+v", what, s)
		}
		wants(t, u.says(t, "--state "+what, "sh", "-c", "rm -r /opt/big /opt/f* 2>/dev/null; ls /opt"), "new")
		if n := diskUse(t, filepath.Join(u.store(), "states", what)); n > 20<<20 {
			t.Errorf("a state of 16M takes %d bytes", n)
		}
	}
}

// TestAnOrdinaryUsersJailEndsWhenItsStateHoldsMoreThanItMay: nothing of the kernel's
// bounds a folder of his, so that it is looked at, and the jail ended.
func TestAnOrdinaryUsersJailEndsWhenItsStateHoldsMoreThanItMay(t *testing.T) {
	layout := withFiller(t)
	u := newUser(t, ordinary())
	u.does(t, "image", "import", "--quiet", layout, "filler")
	for _, what := range []string{"bytes", "files"} {
		r, res := u.exec(t, "--image", "filler", "--state", what, "--state-size", "16M", "--file-size", "64M", "--wall", "30s",
			"--", "sh", "-c", "filler "+what+" /opt; sleep 60")
		if res.Reason != result.Disk || res.Evidence.Killed != result.CauseDisk || r.status != 137 {
			t.Errorf("%s: %s, killed for %q, status %d: %s", what, res.Reason, res.Evidence.Killed, r.status, r.out+r.err)
		}
		contains(t, res.Enforced.Rootfs.Detail, "is only sampled", "the jail ended above 16777216 bytes or 2048 files")
		if s := res.Evidence.State; s == nil || s.BlocksFree != 0 && s.InodesFree != 0 {
			t.Errorf("%s: %+v", what, s)
		}
		u.does(t, "state", "discard", what)
	}
}

// TestAClosedFolderHidesNothingOfAState: it is the caller's, who can open it again.
func TestAClosedFolderHidesNothingOfAState(t *testing.T) {
	layout := withFiller(t)
	u := newUser(t, ordinary())
	u.does(t, "image", "import", "--quiet", layout, "filler")
	_, res := u.exec(t, "--image", "filler", "--state", "closed", "--state-size", "16M", "--file-size", "64M", "--wall", "30s",
		"--", "sh", "-c", "mkdir /opt/d; exec 3>/opt/d/big; chmod 0 /opt/d; i=0; while [ $i -lt 32768 ]; do printf %01024d 0 >&3; i=$((i+1)); done; sleep 60")
	if res.Reason != result.Disk {
		t.Errorf("%s, killed for %q", res.Reason, res.Evidence.Killed)
	}
}

// TestWhatAStateCouldNotKeepIsTold: the state's file system takes from the program what
// the store's has no room for.
func TestWhatAStateCouldNotKeepIsTold(t *testing.T) {
	u := newUser(t, 0)
	const script = `mount -t tmpfs -o size=24M,mode=0700 none "$1" && shift && exec "$@"`
	run := func(name, size string) (ran, *result.Result) {
		file := filepath.Join(u.dir, name+".json")
		c := u.command("exec", "--json", file, "--state", name, "--state-size", "100M", "--", "sh", "-c", "head -c "+size+" /dev/urandom >/etc/f")
		must(t, os.MkdirAll(u.store(), 0o700))
		c.Args = append([]string{"unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", u.store(), c.Path}, c.Args[1:]...)
		c.Path = "/usr/bin/unshare"
		r := finished(t, c)
		res := &result.Result{}
		must(t, json.Unmarshal([]byte(content(t, file)), res))
		return r, res
	}
	if r, res := run("fits", "4M"); r.status != 0 || res.StateError != nil {
		t.Fatalf("what fits: status %d, %s", r.status, r.err)
	}
	r, res := run("toomuch", "40M")
	if r.status != result.StatusFailed || res.StateError == nil || *res.ExitCode != 0 {
		t.Fatalf("what does not fit: status %d, %s", r.status, r.err)
	}
	if !strings.Contains(r.err, "keep all that was changed in toomuch: syncfs: no space left on device") {
		t.Errorf("said %q", r.err)
	}
}
