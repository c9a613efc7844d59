package images

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jailrun/jail/test/oci"
	"golang.org/x/sys/unix"
)

// small are the layers of an image as Alpine's are: programs that are one file, and what
// later layers have taken away and put in their places.
func small(t *testing.T) [][]byte {
	t.Helper()
	busybox, err := os.ReadFile("/bin/busybox")
	must(t, err)
	programs := []oci.File{{Name: "bin/"}, {Name: "bin/busybox", Body: string(busybox)}}
	for _, name := range strings.Fields("sh grep chmod ls cat echo stat touch mkdir rm ln dd sleep id sync") {
		programs = append(programs, oci.File{Name: "bin/" + name, Link: "busybox"})
	}
	return [][]byte{
		layerOf(t, programs...),
		layerOf(t, oci.File{Name: "etc/"}, oci.File{Name: "etc/removed", Body: "of the second layer\n"}, oci.File{Name: "etc/kept", Body: "kept\n"},
			oci.File{Name: "opt/"}, oci.File{Name: "opt/old", Body: "of the second layer\n"}),
		layerOf(t, oci.File{Name: "etc/"}, oci.File{Name: "etc/.wh.removed"}),
		layerOf(t, oci.File{Name: "opt/"}, oci.File{Name: "opt/.wh..wh..opq"}, oci.File{Name: "opt/new", Body: "new\n"}),
	}
}

// TestEveryFormOfAnImageRuns: a layout and a docker archive, with a whiteout and an
// opaque folder.
func TestEveryFormOfAnImageRuns(t *testing.T) {
	dir := public(t)
	c := image(small(t)...)
	must(t, c.Layout(filepath.Join(dir, "layout")))
	must(t, c.Archive(filepath.Join(dir, "archive.tar")))
	asRootAndNot(t, func(t *testing.T, u *user) {
		for _, form := range []string{"layout", "archive.tar"} {
			u.does(t, "image", "import", "--quiet", filepath.Join(dir, form), form)
			wants(t, u.says(t, "--image "+form, "sh", "-c", "ls /etc/removed /opt/old 2>/dev/null; cat /etc/kept /opt/new; id -u; echo mine >/opt/mine && cat /opt/mine"), "kept\nnew\n1000\nmine")
			wants(t, u.says(t, "--image "+form, "ls", "/opt"), "new")
		}
	})
}

// TestAnImageOfOneProgramNeedsNoShell: nothing in it but a program, once static and once
// with the libraries that it names.
func TestAnImageOfOneProgramNeedsNoShell(t *testing.T) {
	dir := public(t)
	for name, flags := range map[string][]string{"static": {"-static"}, "dynamic": nil} {
		c := image(layerOf(t, onlyProgram(t, flags...)...))
		must(t, c.Layout(filepath.Join(dir, name)))
		must(t, c.Archive(filepath.Join(dir, name+".tar")))
	}
	asRootAndNot(t, func(t *testing.T, u *user) {
		for _, name := range []string{"static", "dynamic", "static.tar", "dynamic.tar"} {
			u.does(t, "image", "import", "--quiet", filepath.Join(dir, name), name)
			wants(t, u.says(t, "--image "+name, "/app", "5"), "1 argument, 0 other programs")
			r, res := u.exec(t, "--image", name, "--", "sh", "-c", "true")
			if r.status != 127 {
				t.Errorf("a shell that is not there: %s, status %d", res.Reason, r.status)
			}
		}
	})
}

const lonely = `#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv) {
	(void)argv;
	printf("%d argument, %d other programs\n", argc - 1, access("/bin/sh", F_OK) == 0);
	return 0;
}
`

// onlyProgram has a program, and the libraries that it asks for.
func onlyProgram(t *testing.T, flags ...string) []oci.File {
	t.Helper()
	dir := t.TempDir()
	source, program := filepath.Join(dir, "app.c"), filepath.Join(dir, "app")
	must(t, os.WriteFile(source, []byte(lonely), 0o600))
	tool(t, "gcc", append(flags, "-O1", "-o", program, source)...)
	all := []oci.File{{Name: "app", Body: content(t, program)}}
	if len(flags) > 0 {
		return all
	}
	for _, word := range strings.Fields(tool(t, "ldd", program)) {
		if strings.HasPrefix(word, "/") {
			all = append(all, oci.File{Name: word[1:], Body: content(t, word)})
		}
	}
	return all
}

// TestALayerThatTheStoreHasIsNotWrittenAgain, and what a jail says of itself names the
// layers that it lies over.
func TestALayerThatTheStoreHasIsNotWrittenAgain(t *testing.T) {
	dir := public(t)
	layers := small(t)
	must(t, image(layers...).Layout(filepath.Join(dir, "first")))
	must(t, image(append(layers, layerOf(t, oci.File{Name: "opt/more", Body: "more\n"}))...).Layout(filepath.Join(dir, "second")))
	asRootAndNot(t, func(t *testing.T, u *user) {
		u.does(t, "image", "import", "--quiet", filepath.Join(dir, "first"), "first")
		before := stamps(t, filepath.Join(u.store(), "layers"))
		r := u.run(t, "image", "import", filepath.Join(dir, "second"), "second")
		contains(t, r.err, fmt.Sprintf("%d of %d layers were there, and were not read", len(layers), len(layers)+1))
		after := stamps(t, filepath.Join(u.store(), "layers"))
		for path, was := range before {
			if after[path] != was {
				t.Errorf("%s was %v, is %v", path, was, after[path])
			}
		}
		if len(after) == len(before) {
			t.Error("the new layer is not there")
		}
		lowersAreTheLayers(t, u, "second", len(layers)+1)
	})
}

// stamp is what a file has that nobody has written to.
type stamp struct {
	inode uint64
	ctime unix.Timespec
	size  int64
}

// stamps are those of all files of the layers' trees. What is beside a tree says, among
// other things, that it has not reached the disk yet.
func stamps(t *testing.T, dir string) map[string]stamp {
	t.Helper()
	all := map[string]stamp{}
	must(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		var st unix.Stat_t
		if err == nil && strings.Contains(path[len(dir):]+"/", "/tree/") {
			err = unix.Lstat(path, &st)
			all[path] = stamp{st.Ino, st.Ctim, st.Size}
		}
		return err
	}))
	return all
}

// lowersAreTheLayers holds what the supervisor says of a jail's root to what the image
// is made of: the overlay's lower layers, in order, are those of the image.
func lowersAreTheLayers(t *testing.T, u *user, image string, n int) {
	t.Helper()
	_, res := u.exec(t, "--image", image, "--", "cat", "/opt/more")
	if res.Image == nil || len(res.Image.Layers) != n || res.Enforced.Rootfs.State != "enforced" {
		t.Fatalf("%+v, %+v", res.Image, res.Enforced.Rootfs)
	}
	lowers := "lowerdir=j"
	text := "of layers"
	for i := range n {
		lowers += ":i0/" + strings.TrimPrefix(res.Image.Layers[n-1-i], "sha256:") + "/tree"
		text += " " + res.Image.Layers[n-1-i]
	}
	if got := res.Enforced.Rootfs.Detail; !strings.Contains(got, lowers) || !strings.Contains(got, text) {
		t.Errorf("%q names not %q and %q", got, lowers, text)
	}
}
