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

var theMachine = learnt(probe)

// learnt gives what a look has found once it has succeeded. A failure may be of
// the moment, as for want of descriptors, and is not kept.
func learnt[T any](look func() (*T, error)) func() (*T, error) {
	var found atomic.Pointer[T]
	var mu sync.Mutex
	return func() (*T, error) {
		if v := found.Load(); v != nil {
			return v, nil
		}
		mu.Lock()
		defer mu.Unlock()
		if v := found.Load(); v != nil {
			return v, nil
		}
		v, err := look()
		if err != nil {
			return nil, err
		}
		found.Store(v)
		return v, nil
	}
}

// probe looks at the host. It is on the path of every `jail exec`.
func probe() (*machine, error) {
	n := runtime.GOMAXPROCS(0)
	m := &machine{starting: make(gate, n), ending: make(gate, n)}
	f, err := host.Probe()
	if err != nil {
		return nil, err
	}
	m.facts = f
	if m.view, err = viewOfHost(); err != nil {
		return nil, err
	}
	m.groups, m.noGrps = cgroup.Detect()
	if passing(m.noGrps) {
		return nil, m.noGrps
	}
	if m.noGrps == nil {
		m.noGrps = m.groups.Why()
	}
	return m, nil
}

func viewOfHost() (v rootfs.View, err error) {
	root, err := rootfs.NewHost("/")
	if err != nil {
		return v, err
	}
	defer root.Close()
	return rootfs.HostView(root)
}
