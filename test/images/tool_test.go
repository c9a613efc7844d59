package images

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/jailrun/jail/test/oci"
)

// tool runs a program of the host's that must succeed, and gives what it has printed.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return string(b)
}

// layerOf is the archive of a layer.
func layerOf(t *testing.T, files ...oci.File) []byte {
	t.Helper()
	b, err := oci.Layer(files...)
	must(t, err)
	return b
}

func image(layers ...[]byte) oci.Image { return layers }

// public is a folder of a test's that each user may read.
func public(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(built, "public-")
	must(t, err)
	must(t, os.Chmod(dir, 0o755)) // #nosec G302 -- that is what it is for
	t.Cleanup(func() { removeAll(t, dir) })
	return dir
}
