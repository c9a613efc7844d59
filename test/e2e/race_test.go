package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// A path that is rewritten while it is looked at can make the record wrong, and
// lets nothing pass: what goes on the kernel looks up for itself, in the jail's
// view.
func TestARewrittenPathLetsNothingPass(t *testing.T) {
	dir := labOf(t, "flip")
	secret := filepath.Join(labOf(t), "secret")
	if err := os.WriteFile(secret, []byte("Secret\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	flip := []string{filepath.Join(dir, "flip"), "/etc/nsswitch.conf", secret}
	if out, err := exec.Command(flip[0], flip[1:]...).Output(); string(out) != "shown 1 hidden 1\n" {
		t.Fatalf("outside of a jail: %v, %q", err, out)
	}
	for _, uid := range []int{0, 65534} {
		t.Run(strconv.Itoa(uid), func(t *testing.T) {
			room := classroom(t, uid, nil)
			for _, how := range [][]string{{"exec", "--explain", "--quiet"}, {"learn", "--quiet", "--out", filepath.Join(room, "policy.toml")}} {
				argv := append(append(how, "--ro", dir, "--"), flip...)
				said, status := inRoom(t, uid, room, argv...)
				if status != 0 || said != "shown 1 hidden 0\n" {
					t.Errorf("%s: %q, status %d", how[0], said, status)
				}
			}
		})
	}
}
