package faults

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/test/census"
	"golang.org/x/sys/unix"
)

// ground is what there is before a jail is made.
type ground struct {
	t        *testing.T
	uid      int
	dress    func(*exec.Cmd) // what else is done to each of its commands
	doing    string
	launches int // how often one is tried: which of them halts
	owners   census.Owners
	before   census.List
	seen     strings.Builder // of halted jails
}

func newGround(t *testing.T, uid int) *ground {
	t.Helper()
	return newGroundIn(t, uid, func(*exec.Cmd) {})
}

func newGroundIn(t *testing.T, uid int, dress func(*exec.Cmd)) *ground {
	t.Helper()
	g := &ground{t: t, uid: uid, dress: dress, launches: 1}
	must(t, jail(released, uid, launched...).Run()) // /run/jail/ids stays: it is all jails'
	g.waitForAll()
	g.before = g.list()
	return g
}

// jail makes a command of the program of that name.
func (g *ground) jail(name string, args ...string) *exec.Cmd {
	c := jail(name, g.uid, args...)
	g.dress(c)
	return c
}

func (g *ground) list() census.List {
	g.t.Helper()
	l, err := census.Take(&g.owners)
	must(g.t, err)
	return l
}

// added is what is there now beside it.
func (g *ground) added() string {
	g.t.Helper()
	return g.list().Difference(g.before)
}

// left is what remains when all processes have ended and jail gc has run.
func (g *ground) left() string {
	g.t.Helper()
	g.waitForAll()
	if out, err := g.jail(released, "gc").CombinedOutput(); err != nil {
		g.t.Errorf("jail gc: %v: %s", err, out)
	}
	return g.added()
}

// patience is how long the kernel may take to end the processes of a jail.
const patience = 10 * time.Second

// waitForAll waits until no process but this one is left in the namespace: all
// orphans are pid 1's children.
func (g *ground) waitForAll() {
	late := time.AfterFunc(patience, func() {
		fmt.Println(g.doing+": processes outlive their jail:", census.Processes())
		os.Exit(1)
	})
	defer late.Stop()
	for {
		if _, err := unix.Wait4(-1, nil, 0, nil); err == unix.ECHILD {
			return
		}
	}
}
