package plan

import (
	"testing"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

func TestLittleMemoryWithoutAGroupLeavesRoomForThreads(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		memory, stack size.Bytes
		group         bool
		want          uint64
	}{
		{16 * mib, 0, false, mib},
		{2 * mib, 0, false, mib / 2},
		{128 * mib, 0, false, 8 * mib},
		{0, 0, false, 8 * mib}, // the default
		{policy.Unlimited, 0, false, 8 * mib},
		{16 * mib, 4 * mib, false, 4 * mib},
		{16 * mib, 0, true, 8 * mib},
	} {
		in := with(false, policy.Policy{Limits: policy.Limits{Memory: c.memory, Stack: c.stack}})
		if in.Procs = 0; c.group {
			in.Procs = 1
		}
		for _, l := range Rlimits(in) {
			if l.Resource == unix.RLIMIT_STACK && l.Soft != c.want {
				t.Errorf("memory %d, stack %d, group %v: a stack of %d, want %d", c.memory, c.stack, c.group, l.Soft, c.want)
			}
		}
	}
}
