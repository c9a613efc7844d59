package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/jailrun/jail/isolate/result"
	"golang.org/x/sys/unix"
)

// without lets a launch go on where no namespace is to be had: such a jail has a
// scratch folder on the host.
var without = []string{
	"--try", "user_ns", "--try", "pid_ns", "--try", "mnt_ns", "--try", "net_ns", "--try", "ipc_ns", "--try", "uts_ns", "--try", "cgroup_ns",
	"--try", "rootfs", "--try", "time_ns", "--try", "capabilities",
}

// chrooted makes a place in which the kernel gives no user namespace,
// user_namespaces(7), with a tmpfs for temporary files.
func chrooted(t *testing.T, tmpfs string) func(*exec.Cmd) {
	t.Helper()
	root := filepath.Join(built, "root")
	must(t, os.MkdirAll(root, 0o755))
	must(t, unix.Mount("tmpfs", os.TempDir(), "tmpfs", 0, tmpfs)) // over that of the census, which lists it
	must(t, unix.Mount("/", root, "", unix.MS_BIND|unix.MS_REC, ""))
	t.Cleanup(func() {
		must(t, unix.Unmount(root, unix.MNT_DETACH))
		must(t, unix.Unmount(os.TempDir(), unix.MNT_DETACH))
	})
	return func(c *exec.Cmd) { c.SysProcAttr.Chroot = root }
}

// capabilities is how many of the bounding set are not asked for there.
const capabilities = 41

func TestAScratchFolderOfAKilledSupervisorIsCollected(t *testing.T) {
	if !apart(t) {
		return
	}
	g := newGroundIn(t, users["ordinary user"], chrooted(t, "mode=1777"))
	g.haltAndKillAtEach(append(append([]string{"exec", "--quiet"}, without...), "--", "/bin/true"), mostUnplayed+capabilities, "processes", "files in /tmp")
}

func TestAFullFolderForScratchEndsTheLaunch(t *testing.T) {
	if !apart(t) {
		return
	}
	for inodes := 1; inodes <= 6; inodes++ {
		t.Run(fmt.Sprint(inodes), func(t *testing.T) {
			g := newGroundIn(t, users["ordinary user"], chrooted(t, fmt.Sprintf("mode=1777,nr_inodes=%d", inodes)))
			c := g.jail(released, append(withResult(without...), "--", "/bin/true")...)
			reason, status := result.SetupFailed, result.StatusFailed
			if inodes >= 4 { // its own root, the folder, the probe's file and /box
				reason, status = result.Exited, 0
			}
			g.start(c).wants(t, reason, status)
		})
	}
}
