package layer

import (
	"archive/tar"
	"os/exec"
	"testing"

	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/test/tarball"
)

// An overlay in a user namespace, as a jail's root is one.
func TestAnOverlayHidesWhatALayerHides(t *testing.T) {
	lower, _, err := unpack(t, tarball.Tar(t,
		tarball.New("etc/", tar.TypeDir, ""), tarball.New("etc/kept", tar.TypeReg, "kept"), tarball.New("etc/gone", tar.TypeReg, "gone"),
		tarball.New("var/", tar.TypeDir, ""), tarball.New("var/old", tar.TypeReg, "old"), tarball.New("dir/", tar.TypeDir, ""), tarball.New("dir/f", tar.TypeReg, "f")), Options{})
	must(t, err)
	upper, _, err := unpack(t, tarball.Tar(t,
		tarball.New("etc/", tar.TypeDir, ""), tarball.New("etc/.wh.gone", tar.TypeReg, ""), tarball.New("etc/new", tar.TypeReg, "new"),
		tarball.New("var/", tar.TypeDir, ""), tarball.New("var/.wh..wh..opq", tar.TypeReg, ""), tarball.New("var/young", tar.TypeReg, "young"), tarball.New(".wh.dir", tar.TypeReg, "")), Options{})
	must(t, err)
	if f, err := host.Probe(); err != nil || !f.UserNS {
		t.Skip("feature user namespaces: this host makes none: ", err)
	}
	work := t.TempDir()
	const script = `set -e
mount -t tmpfs none "$3"
mkdir "$3/u" "$3/w" "$3/m"
mount -t overlay none "$3/m" -o "userxattr,lowerdir=$2/tree:$1/tree,upperdir=$3/u,workdir=$3/w"
cd "$3/m"
find . -mindepth 1 | sort`
	c := exec.Command("unshare", "-Urm", "sh", "-c", script, "sh", lower.Name(), upper.Name(), work)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got, want := string(out), "./etc\n./etc/kept\n./etc/new\n./var\n./var/young\n"; got != want {
		t.Errorf("the overlay has\n%s, not\n%s", got, want)
	}
}
