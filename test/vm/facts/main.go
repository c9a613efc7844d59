// Facts runs in a guest and tells what its kernel gives to the user that runs
// it. Each line is of something that was tried there and then, not of what a
// version is known for.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"

	"github.com/jailrun/jail/test/vm/job"
	"golang.org/x/sys/unix"
)

// facts are the columns of the table, in their order.
var facts = []struct {
	name string
	try  func() string
}{
	{"limits by", limitsBy},
	{"clone3 into cgroup", word(cloneIntoGroup)},
	{"cgroup.kill", word(groupKill)},
	{"memory.peak", word(memoryPeak)},
	{"PSI", word(pressure)},
	{"Landlock", landlockABI},
	{"TCP rights", word(func() error { return held(ruleset{net: bindTCP}, bind) })},
	{"scopes", word(scopes)},
	{"sockets of others", word(func() error { return held(ruleset{fs: resolveUnix}, connectOutside) })},
	{"user namespaces", word(userNamespace)},
	{"overlay in one", word(overlay)},
	{"mount_setattr", word(mountSetattr)},
	{"WAIT_KILLABLE_RECV", word(waitKillable)},
	{"swap accounting", word(swapLimit)},
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "nothing" {
		return
	}
	for _, f := range facts {
		fmt.Printf("%s %s %s = %s\n", job.Mark, job.Fact, f.name, f.try())
	}
}

// word makes a table's cell of an error: a feature that is not there is "no".
func word(try func() error) func() string {
	return func() string {
		err := try()
		var e syscall.Errno
		switch {
		case err == nil:
			return "yes"
		case errors.As(err, &e):
			return "no (" + unix.ErrnoName(e) + ")"
		}
		return "no (" + err.Error() + ")"
	}
}

// limitsBy is where a jail has the figures of its memory from.
func limitsBy() string {
	out, err := exec.Command("/usr/bin/jail", "exec", "--quiet", "--try", "landlock", "--json", "-", "--", "true").Output()
	_, rest, ok := strings.Cut(string(out), `"memory_source":"`)
	source, _, _ := strings.Cut(rest, `"`)
	if err != nil || !ok {
		return fmt.Sprintf("none (%v)", err)
	}
	return source
}

// alone runs f on a thread of its own, which ends with what was done to it.
func alone(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked
		done <- f()
	}()
	return <-done
}

// itself is this program doing nothing.
func itself() *exec.Cmd {
	c := exec.Command("/proc/self/exe", "nothing")
	c.SysProcAttr = &syscall.SysProcAttr{}
	return c
}

func userNamespace() error {
	c := itself()
	c.SysProcAttr.Cloneflags = unix.CLONE_NEWUSER
	c.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
	c.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	return c.Run()
}

// overlay mounts one over a tmpfs, as the root of a user namespace.
func overlay() error {
	const script = "mount -t tmpfs t /tmp && cd /tmp && mkdir l e at && mount -t overlay -o ro,lowerdir=l:e o at 2>/dev/null"
	c := exec.Command("/usr/bin/busybox", "unshare", "-r", "-m", "sh", "-c", script)
	if err := c.Run(); err != nil {
		return errors.New("not permitted")
	}
	return nil
}

func mountSetattr() error {
	// No descriptor: a kernel that has the call says so before anything else.
	err := unix.MountSetattr(-1, "", unix.AT_EMPTY_PATH, &unix.MountAttr{})
	if errors.Is(err, unix.ENOSYS) {
		return err
	}
	return nil
}

// waitKillable installs a filter that allows all, with a listener that waits so.
func waitKillable() error {
	return alone(func() error {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return err
		}
		allow := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW}
		fd, err := filter(&unix.SockFprog{Len: 1, Filter: &allow})
		if err != nil {
			return err
		}
		return unix.Close(fd)
	})
}
