//go:build guest

package isolate

import (
	"maps"

	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/policy"
)

// onKernel tries Landlock on a kernel without it, as its user would have to say
// for each run: so the tests of this package run on Linux before 5.13 too. It
// exists in test builds alone.
func onKernel(p *policy.Policy, f *host.Facts) *policy.Policy {
	if f.Landlock > 0 || p.Layers[policy.LayerLandlock] != "" {
		return p
	}
	q := *p
	q.Layers = policy.Layers{policy.LayerLandlock: policy.Try}
	maps.Copy(q.Layers, p.Layers)
	return &q
}
