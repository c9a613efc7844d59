package policy

import (
	"path"
	"slices"
	"strings"
)

// Caller is what Resolve must know of who launches.
type Caller struct {
	Root bool // may make cgroups and map two users without help
}

// Where a program starts, and its host's name, when nothing was said.
const (
	defaultChdir    = "/box"
	defaultHostname = "jail"
)

// Resolve gives a policy that says every value in force: each default is
// filled in, each limit without one is Unlimited, each layer has its level,
// files have their targets and are in their order, and of two values of one
// variable the later is left. Resolving again changes nothing. Limits.Cores
// stays empty for the caller's cores.
func (p *Policy) Resolve(c Caller) *Policy {
	if p == nil {
		p = &Policy{}
	}
	r := *p
	r.Layers = p.Layers.resolve(c)
	r.Limits.resolve()
	if p.Layers[LayerCgroup] == "" && len(p.OnlyByGroup()) > 0 {
		r.Layers[LayerCgroup] = Require
	}
	orDefault(&r.Profile, ProfileDefault)
	orDefault(&r.Net, NetLoopback)
	orDefault(&r.View, ViewHost)
	orDefault(&r.Denials, DenialsShown)
	r.resolveImage()
	orDefault(&r.Verify, VerifyFast)
	orDefault(&r.Hostname, defaultHostname)
	orDefault(&r.Chdir, defaultChdir)
	r.Seccomp.resolve()
	r.Chdir = path.Clean(r.Chdir)
	r.Files = resolveFiles(p.Files, r.Limits.Disk)
	r.Env = resolveEnv(p.Env)
	r.PassEnv = slices.Compact(slices.Sorted(slices.Values(p.PassEnv)))
	r.Include = slices.Clone(p.Include)
	return &r
}

// OnlyByGroup lists the options that are asked for and that nothing but a cgroup
// can hold: with them the layer cgroup is required, unless its level is named.
func (p *Policy) OnlyByGroup() (names []string) {
	l := &p.Limits
	for _, o := range [...]struct {
		name  string
		asked bool
	}{
		{"swap", l.Swap != 0},
		{"memory-high", l.MemoryHigh > 0},
		{"hugetlb", l.HugeTLB != ""},
		{"rdma", l.RDMA != ""},
		{"cpu-max", l.CPUMax > 0},
		{"cpu-weight", l.CPUWeight > 0},
		{"io-weight", l.IOWeight > 0},
		{"io-read-bps", l.IOReadBPS != ""},
		{"io-write-bps", l.IOWriteBPS != ""},
		{"io-read-ops", l.IOReadOps != ""},
		{"io-write-ops", l.IOWriteOps != ""},
		{"group", p.Group != ""},
	} {
		if o.asked {
			names = append(names, "--"+o.name)
		}
	}
	return names
}

// resolveEnv keeps the last value of each name, in the order of names.
func resolveEnv(env []string) []string {
	if len(env) == 0 {
		return nil
	}
	sorted := slices.Clone(env)
	slices.Reverse(sorted) // a stable sort then has the last value first
	slices.SortStableFunc(sorted, func(a, b string) int { return strings.Compare(envName(a), envName(b)) })
	return slices.CompactFunc(sorted, func(a, b string) bool { return envName(a) == envName(b) })
}

func envName(s string) string {
	name, _, _ := strings.Cut(s, "=")
	return name
}
