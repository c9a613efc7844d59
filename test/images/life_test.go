package images

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/jailrun/jail/test/oci"
)

// TestTheLifeOfAState: what a program changes is told, is made an image of, is kept as a
// backup, moves to a newer image where both agree, and is gone when it is discarded.
func TestTheLifeOfAState(t *testing.T) {
	dir := public(t)
	layers := small(t)
	must(t, image(layers...).Layout(filepath.Join(dir, "v1")))
	upgraded := layerOf(t, oci.File{Name: "opt/"}, oci.File{Name: "opt/new", Body: "upgraded\n"}, oci.File{Name: "opt/more", Body: "more\n"})
	must(t, image(append(layers, upgraded)...).Layout(filepath.Join(dir, "v2")))
	asRootAndNot(t, func(t *testing.T, u *user) {
		for _, v := range []string{"v1", "v2"} {
			u.does(t, "image", "import", "--quiet", filepath.Join(dir, v), "app:"+v)
		}
		u.figures(t, "two images")
		isTold(t, u)
		becomesAnImage(t, u)
		isBackedUp(t, u)
		movesWhereBothAgree(t, u)
		isDiscarded(t, u)
	})
}

// figures logs what all takes.
func (u *user) figures(t *testing.T, when string) {
	t.Helper()
	t.Logf("%s: the store takes %d bytes\n%s\n%s", when, diskUse(t, u.store()), u.does(t, "image", "ls"), u.does(t, "state", "ls"))
}

// changes is what the program of this test does.
const changes = `echo mine >/etc/mine; echo more >>/etc/kept; rm /opt/new; mkdir /srv; dd if=/dev/zero of=/srv/big bs=1024 count=512 2>/dev/null; sync`

// sees prints what it has changed.
const sees = `cat /etc/mine /etc/kept; ls /opt; ls /srv`

const seen = "mine\nkept\nmore\nbig"

func isTold(t *testing.T, u *user) {
	u.says(t, "--image app:v1 --state work --state-size 16M", "sh", "-c", changes)
	wants(t, u.says(t, "--state work", "sh", "-c", sees), seen)
	contains(t, u.does(t, "state", "diff", "work"), "/etc/mine", "/etc/kept", "/opt/new", "/srv/big", "3 added, 1 changed, 1 deleted")
	r := u.run(t, "state", "apply", "work")
	if r.status == 0 {
		t.Error("the changes of an image were applied to the host")
	}
	u.figures(t, "one state")
}

func becomesAnImage(t *testing.T, u *user) {
	t.Log(u.does(t, "state", "commit", "work", "app:mine"))
	wants(t, u.says(t, "--image app:mine", "sh", "-c", sees), seen)
	wants(t, u.says(t, "--image app:v1", "sh", "-c", "cat /etc/kept /opt/new"), "kept\nnew")
	u.does(t, "state", "upgrade", "work", "app:mine") // both have the same: there is no conflict
	wants(t, u.says(t, "--state work", "sh", "-c", sees), seen)
	u.does(t, "state", "upgrade", "work", "app:v1")
	u.figures(t, "one image more")
	u.does(t, "image", "verify")
}

func isBackedUp(t *testing.T, u *user) {
	u.does(t, "state", "export", "work", "backup")
	u.does(t, "state", "import", "backup", "again")
	wants(t, u.says(t, "--state again", "sh", "-c", sees), seen)
	for _, args := range [][]string{{"state", "import", "backup", "again"}, {"state", "export", "work", "backup"}} {
		if r := u.run(t, args...); r.status == 0 {
			t.Errorf("%v replaced what was there", args)
		}
	}
	u.figures(t, "a copy")
}

func movesWhereBothAgree(t *testing.T, u *user) {
	u.says(t, "--image app:v1 --state other --state-size 16M", "sh", "-c", "echo mine >/etc/mine")
	u.does(t, "state", "upgrade", "other", "app:v2")
	wants(t, u.says(t, "--state other", "sh", "-c", "cat /etc/mine /opt/new"), "mine\nupgraded")

	r := u.run(t, "state", "upgrade", "work", "app:v2")
	contains(t, r.out, "conflict /opt/new: deleted in the state, changed in the image")
	if r.status == 0 {
		t.Error("a conflict was passed over")
	}
	wants(t, u.says(t, "--state work", "sh", "-c", sees), seen)
	u.does(t, "state", "upgrade", "--keep", "work", "app:v2")
	wants(t, u.says(t, "--state work", "sh", "-c", sees), "mine\nkept\nmore\nmore\nbig")
}

func isDiscarded(t *testing.T, u *user) {
	u.does(t, "image", "rm", "app:v1", "app:v2", "app:mine")
	u.does(t, "image", "gc")
	wants(t, u.says(t, "--state work", "sh", "-c", "ls /srv"), "big") // states hold their images
	u.does(t, "state", "discard", "work", "again", "other")
	u.does(t, "image", "gc")
	u.figures(t, "nothing")
	left, err := os.ReadDir(filepath.Join(u.store(), "layers"))
	must(t, err)
	if len(left) != 0 {
		t.Errorf("layers of no image stay: %v", left)
	}
}
