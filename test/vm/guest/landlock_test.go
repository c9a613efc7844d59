//go:build guest

package guest

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/jailrun/jail/policy"
)

// alone leaves Landlock the only wall before what a test tries.
func alone(layers ...policy.Layer) policy.Policy {
	p := policy.Policy{Layers: policy.Layers{policy.LayerSeccomp: policy.Off}}
	for _, l := range layers {
		p.Layers[l] = policy.Off
	}
	return p
}

func TestLandlockHoldsFilesFromABI1(t *testing.T) {
	refused(t, alone(), "write /proc/self/comm", 1, "EACCES")
}

func TestLandlockHoldsTCPFromABI4WhereThereIsToBeNoNetwork(t *testing.T) {
	p := alone()
	p.Net = policy.NetNone
	refused(t, p, "bind", 4, "EACCES")
}

func TestLandlockHoldsAbstractSocketsFromABI6(t *testing.T) {
	name := "@guest-" + strconv.Itoa(os.Getpid())
	listen(t, name)
	refused(t, alone(policy.LayerNetNS), "connect "+name, 6, "EPERM")
}

func TestLandlockHoldsSignalsFromABI6(t *testing.T) {
	want := "done" // an ordinary user's init has the program's user id
	if os.Geteuid() == 0 || landlock() >= 6 {
		want = "EPERM"
	}
	if got := inside(t, alone(), "signal 1"); got != want {
		t.Errorf("to signal init gives %s, want %s", got, want)
	}
}

func TestLandlockHoldsSocketsOfOthersFromABI9(t *testing.T) {
	dir, err := os.MkdirTemp("", "guest-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "socket")
	listen(t, path)
	for _, p := range []string{dir, path} {
		if err := os.Chmod(p, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	p := alone()
	p.Files = []policy.File{{Kind: policy.FileRO, Source: dir, Target: dir}}
	refused(t, p, "connect "+path, 9, "EACCES")
}

func listen(t *testing.T, name string) {
	t.Helper()
	l, err := net.Listen("unix", name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
}
