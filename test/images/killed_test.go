package images

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/test/oci"
	"golang.org/x/sys/unix"
)

// longVar asks for the long form of tests that are as good as they last.
const longVar = "JAIL_TEST_LONG"

func long() bool { return os.Getenv(longVar) != "" }

// TestNothingIsHalfDoneWhenItIsKilled kills commands at random points of their work.
// Whatever they had done by then: all images are whole, what was left behind is removed,
// and the state is as it was, or as it was to be.
func TestNothingIsHalfDoneWhenItIsKilled(t *testing.T) {
	dir := public(t)
	layers := small(t)
	must(t, image(layers...).Layout(filepath.Join(dir, "v1")))
	must(t, image(append(layers, layerOf(t, oci.File{Name: "opt/"}, oci.File{Name: "opt/more", Body: "more\n"}))...).Layout(filepath.Join(dir, "v2")))
	asRootAndNot(t, func(t *testing.T, u *user) {
		k := newKiller(t, u, dir)
		kills := 50 / 2 // of each user's half
		least := 1
		if long() {
			kills, least = 3*200/2, 200/2
		}
		for i := 0; i < kills && (k.killed < least || !long()); i++ {
			k.kill(i, k.works[i%len(k.works)])
		}
		if k.killed < least {
			t.Errorf("%d were killed at their work, want %d", k.killed, least)
		}
		t.Logf("seed %d: %d were killed at their work, of %d tries at most", k.seed, k.killed, kills)
	})
}

// killer kills works that a user has begun.
type killer struct {
	t      *testing.T
	u      *user
	seed   uint64
	random *rand.Rand
	works  []work
	killed int
}

// work is something that can be killed, with how long it takes.
type work struct {
	args  func(i int) []string
	after func(i int) // holds what is there then
	undo  []string    // what brings the state back, if it was done
	takes time.Duration
}

func newKiller(t *testing.T, u *user, dir string) *killer {
	t.Helper()
	for _, v := range []string{"v1", "v2"} {
		u.does(t, "image", "import", "--quiet", filepath.Join(dir, v), "app:"+v)
	}
	u.says(t, "--image app:v1 --state work --state-size 16M", "sh", "-c", "mkdir /srv; for i in 1 2 3 4 5 6 7 8 9; do echo $i >/srv/$i; done; dd if=/dev/urandom of=/srv/big bs=1024 count=2048 2>/dev/null")
	u.does(t, "state", "export", "work", "backup")
	k := &killer{t: t, u: u, seed: uint64(time.Now().UnixNano())} // #nosec G115 -- a seed
	k.random = rand.New(rand.NewPCG(k.seed, 0))                   // #nosec G404 -- when to kill
	k.works = []work{
		{args: func(i int) []string { return []string{"state", "commit", "work", "made:" + strconv.Itoa(i)} }, after: k.image},
		{args: func(i int) []string { return []string{"state", "import", "backup", "copy-" + strconv.Itoa(i)} }, after: k.copied},
		{args: func(int) []string { return []string{"state", "upgrade", "work", "app:v2"} }, undo: []string{"state", "upgrade", "work", "app:v1"}, after: func(int) {}},
	}
	for n := range k.works {
		w := &k.works[n]
		began := time.Now()
		u.does(t, w.args(1000)...)
		w.takes = time.Since(began)
		if w.undo != nil {
			u.does(t, w.undo...)
		}
	}
	return k
}

// kill ends a work at a random point, and holds what is left to what was promised.
func (k *killer) kill(i int, w work) {
	c := k.u.command(w.args(i)...)
	must(k.t, c.Start())
	dead := time.AfterFunc(time.Duration(k.random.Int64N(int64(w.takes))), func() { _ = c.Process.Kill() })
	err := c.Wait()
	dead.Stop()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == -1 {
		k.killed++
	} else if err != nil {
		k.t.Fatalf("%v: %v", w.args(i), err)
	}
	k.u.does(k.t, "image", "verify")
	k.u.does(k.t, "image", "gc")
	w.after(i)
	k.isWhole("work")
	if w.undo != nil {
		k.u.does(k.t, w.undo...)
	}
	k.leavesNothing()
}

// isWhole holds a state to what was put into it, and uses it.
func (k *killer) isWhole(name string) {
	k.t.Helper()
	wants(k.t, k.u.says(k.t, "--state "+name, "sh", "-c", "cat /srv/1 /srv/9 && stat -c %s /srv/big && echo $RANDOM >/srv/used"), "1\n9\n2097152")
}

// image: it is there whole, or not at all.
func (k *killer) image(i int) {
	name := "made:" + strconv.Itoa(i)
	if !strings.Contains(k.u.does(k.t, "image", "ls"), name+" ") {
		return
	}
	wants(k.t, k.u.says(k.t, "--image "+name, "cat", "/srv/9"), "9")
	k.u.does(k.t, "image", "rm", name)
}

// copied: the same of a state.
func (k *killer) copied(i int) {
	name := "copy-" + strconv.Itoa(i)
	if !strings.Contains(k.u.does(k.t, "state", "ls"), name+" ") {
		return
	}
	k.isWhole(name)
	k.u.does(k.t, "state", "discard", name)
}

// leavesNothing: what the killed had begun is gone.
func (k *killer) leavesNothing() {
	k.t.Helper()
	left := k.left()
	for _, path := range left {
		k.waitFor(path)
	}
	if len(left) > 0 {
		k.u.does(k.t, "image", "gc")
	}
	if left := k.left(); len(left) > 0 {
		k.t.Errorf("left behind: %v", left)
	}
}

func (k *killer) left() (all []string) {
	for _, pattern := range []string{"tmp/*", "tmp/.[!.]*", "states/.[!.]*"} {
		left, err := filepath.Glob(filepath.Join(k.u.store(), pattern))
		must(k.t, err)
		all = append(all, left...)
	}
	return all
}

// waitFor waits for the lock of a folder: a killed command's unpacker has it until it has
// seen that it is alone.
func (k *killer) waitFor(path string) {
	f, err := os.Open(path) // #nosec G304 -- of the test's own store
	must(k.t, err)
	defer f.Close()
	must(k.t, unix.Flock(int(f.Fd()), unix.LOCK_EX))
}
