package isolate

import (
	"sync"

	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/rootfs"
)

// machine is what a process learns of its host once, at its first launch.
type machine struct {
	facts  *host.Facts
	groups *cgroup.Host
	noGrps error
	view   rootfs.View
}

var theMachine = sync.OnceValues(probe)

func probe() (*machine, error) {
	f, err := host.Probe()
	if err != nil {
		return nil, err
	}
	m := &machine{facts: f}
	m.groups, m.noGrps = cgroup.Detect()
	if m.noGrps == nil {
		m.noGrps = m.groups.Why()
	}
	root, err := rootfs.NewHost("/")
	if err != nil {
		return nil, err
	}
	defer root.Close()
	m.view, err = rootfs.HostView(root)
	return m, err
}
