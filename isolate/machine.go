package isolate

import (
	"runtime"
	"sync"
	"sync/atomic"

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
	// starting and ending let so many runs at once make and remove what is
	// theirs. The kernel serialises most of it anyway, and each goroutine that
	// waits in a system call would cost a thread, which Go never ends.
	starting, ending gate
	noUserNS         atomic.Pointer[host.Facts] // set when a launch has found them forbidden
}

// current is what the host gives, as far as it is known by now.
func (m *machine) current() *host.Facts {
	if f := m.noUserNS.Load(); f != nil {
		return f
	}
	return m.facts
}

// lacksUserNS keeps what a launch has found: no user namespace is to be had.
func (m *machine) lacksUserNS() {
	m.noUserNS.Store(m.facts.WithoutUserNS())
}

// gate lets a bounded number of goroutines through at once.
type gate chan struct{}

func (g gate) enter() { g <- struct{}{} }
func (g gate) leave() { <-g }

var theMachine = sync.OnceValues(probe)

// probe looks at the host. It is on the path of every `jail exec`.
func probe() (*machine, error) {
	n := runtime.GOMAXPROCS(0)
	m := &machine{starting: make(gate, n), ending: make(gate, n)}
	f, err := host.Probe()
	if err != nil {
		return nil, err
	}
	m.facts = f
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
