package images

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jailrun/jail/test/oci"
)

// doors are where a launch makes folders and files, and mounts: the jail's own places,
// and what the flags of this test name.
var doors = []string{"box", "tmp", "dev", "proc", "run", "etc", "srv", "opt"}

// TestLinksInAStateLeadNoLaunchToTheHost: a backup is made of what a program has written,
// and of whatever somebody has put into it. In place of each folder in which a launch
// makes something it has a link to one of the host's.
func TestLinksInAStateLeadNoLaunchToTheHost(t *testing.T) {
	dir := public(t)
	must(t, image(small(t)...).Layout(filepath.Join(dir, "layout")))
	asRootAndNot(t, func(t *testing.T, u *user) {
		outside := filepath.Join(u.dir, "outside")
		must(t, os.Mkdir(outside, 0o700))
		must(t, os.Chmod(outside, 0o777)) // #nosec G302 -- whoever comes there may write
		links := linksTo(t, outside)
		naivelyLed(t, links, outside)
		u.does(t, "image", "import", "--quiet", filepath.Join(dir, "layout"), "app")
		for _, door := range append([]string{""}, doors...) { // all at once, then each
			name := "links" + door
			u.plants(t, name, linksTo(t, outside, door))
			u.launches(t, name, outside)
			u.does(t, "state", "discard", name)
		}
	})
}

// linksTo is the layer in which doors lead outside; "" is all of them.
func linksTo(t *testing.T, outside string, only ...string) []byte {
	t.Helper()
	var files []oci.File
	for _, d := range doors {
		if len(only) == 0 || only[0] == "" || only[0] == d {
			files = append(files, oci.File{Name: d, Link: outside})
		}
	}
	return layerOf(t, files...)
}

// naivelyLed shows where a launch would be led that made its folders by their paths.
func naivelyLed(t *testing.T, links []byte, outside string) {
	t.Helper()
	root := t.TempDir()
	untar := exec.Command("tar", "-C", root, "-xf", "-")
	untar.Stdin = bytes.NewReader(links)
	must(t, untar.Run())
	must(t, os.MkdirAll(filepath.Join(root, "srv", "deep"), 0o700))
	must(t, os.Remove(filepath.Join(outside, "deep"))) // it was made there
}

// plants makes a state in which a program is said to have made the links.
func (u *user) plants(t *testing.T, name string, links []byte) {
	t.Helper()
	u.says(t, "--image app --state fresh --state-size 16M", "touch", "/mine")
	u.does(t, "state", "export", "fresh", "fresh")
	u.does(t, "state", "discard", "fresh")
	u.file(t, "planted", forged(t, content(t, filepath.Join(u.dir, "fresh")), links))
	u.does(t, "state", "import", "planted", name)
	must(t, os.Remove(filepath.Join(u.dir, "fresh")))
}

// forged is a backup with another layer in the place of each.
func forged(t *testing.T, backup string, layer []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	r, w := tar.NewReader(strings.NewReader(backup)), tar.NewWriter(&out)
	for {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		must(t, err)
		body, err := io.ReadAll(r)
		must(t, err)
		if strings.HasSuffix(h.Name, ".layer") {
			body, h.Size = layer, int64(len(layer))
		}
		must(t, w.WriteHeader(h))
		_, err = w.Write(body)
		must(t, err)
	}
	must(t, w.Close())
	return out.Bytes()
}

// launches starts a jail on the state: it may fail, but nothing is made or changed
// outside.
func (u *user) launches(t *testing.T, name, outside string) {
	t.Helper()
	shown := u.file(t, "shown", []byte("shown\n"))
	r, res := u.exec(t, "--state", name, "--bind", shown+":/srv/deep/shown", "--bind", shown+":/etc/shown:ro", "--tmpfs", "/opt/empty",
		"--in", shown+":/tmp/in", "--", "sh", "-c", "cat /srv/deep/shown /tmp/in; echo x >/run/x; echo x >/box/x; echo x >/etc/x; echo x >/opt/empty/x; true")
	t.Logf("%s: %s, %q %s", name, res.Reason, r.out, r.err)
	if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
		t.Errorf("%s led the launch outside, where it made %v: %v", name, left, err)
	}
	if res.Reason == "exited" && !strings.Contains(r.out, "shown\nshown\n") {
		t.Errorf("%s: the program did not see what it was shown: %q", name, r.out)
	}
}

// TestASetUserIDFileOfAStateHasNoPrivilegeElsewhere: not in the next run, nor in the
// image that is made of the state.
func TestASetUserIDFileOfAStateHasNoPrivilegeElsewhere(t *testing.T) {
	dir := public(t)
	must(t, image(small(t)...).Layout(filepath.Join(dir, "layout")))
	u := newUser(t, 0)
	u.does(t, "image", "import", "--quiet", filepath.Join(dir, "layout"), "app")
	wants(t, u.says(t, "--image app --user root --state s --state-size 16M", "sh", "-c", "cat /bin/busybox >/opt/su; chmod 6755 /opt/su; stat -c %a /opt/su"), "6755")
	wants(t, u.says(t, "--user root --state s", "sh", "-c", "grep -c '^overlay / .*nosuid' /proc/self/mounts"), "1")
	u.does(t, "state", "commit", "s", "made")
	wants(t, tool(t, "find", filepath.Join(u.store(), "layers"), "-type", "f", "-perm", "/6000"), "")
	u.does(t, "image", "verify")
}
