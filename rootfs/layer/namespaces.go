package layer

import (
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// namespaces are those of the unpacker. As root each ID that there is stands for
// itself, so that files can be given to whom an archive says; an ordinary user is root
// in it, and nobody else is there.
func namespaces() (*syscall.SysProcAttr, error) {
	a := &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS,
		Pdeathsig:  unix.SIGKILL,
	}
	if os.Geteuid() != 0 {
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
		return a, nil
	}
	var err error
	if a.UidMappings, err = identity("/proc/self/uid_map"); err != nil {
		return nil, err
	}
	a.GidMappings, err = identity("/proc/self/gid_map")
	return a, err
}

// identity maps the IDs that the caller's own namespace has: user_namespaces(7).
func identity(file string) (list []syscall.SysProcIDMap, err error) {
	b, err := os.ReadFile(file) // #nosec G304 -- one of two names above
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(b)) {
		const columns = 3 // first inside, first outside, how many
		f := strings.Fields(line)
		if len(f) != columns {
			continue
		}
		first, e1 := strconv.Atoi(f[0])
		n, e2 := strconv.Atoi(f[2])
		if e1 == nil && e2 == nil {
			list = append(list, syscall.SysProcIDMap{ContainerID: first, HostID: first, Size: n})
		}
	}
	return list, nil
}
