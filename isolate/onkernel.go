//go:build !guest

package isolate

import (
	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/policy"
)

// onKernel is where tests of the build tag guest ask for less on a kernel that
// has less. Outside of them nothing does.
func onKernel(p *policy.Policy, _ *host.Facts) *policy.Policy { return p }
