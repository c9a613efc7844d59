package isolate

import (
	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/policy"
)

// groupSpec says what the run's groups limit and meter.
func (r *run) groupSpec() (cgroup.Spec, error) {
	s, err := specOf(&r.policy.Limits)
	s.IO, s.Set, s.Cores = r.cmd.MeterIO, r.policy.Group, r.cores.bound(&r.policy.Limits)
	return s, err
}

func specOf(l *policy.Limits) (s cgroup.Spec, err error) {
	s = cgroup.Spec{
		Memory: int64(l.Memory), Swap: int64(l.Swap), MemoryHigh: max(int64(l.MemoryHigh), 0),
		Pids: l.Pids, Cores: l.Cores,
		CPUMax: max(int64(l.CPUMax), 0), CPUWeight: l.CPUWeight, IOWeight: l.IOWeight,
		HugeTLB: hugePages(l.HugeTLB), RDMA: objects(l.RDMA),
	}
	s.Rates, err = rates(l)
	return s, err
}

func hugePages(list policy.Sizes) (all []cgroup.Pages) {
	for _, e := range list.Each() {
		n, _ := size.Parse(e.Key) // none is for all sizes; it was checked with the policy
		all = append(all, cgroup.Pages{Size: int64(n), Limit: e.Value})
	}
	return all
}

func objects(list policy.Counts) (all []cgroup.Object) {
	for _, e := range list.Each() {
		all = append(all, cgroup.Object{Name: e.Key, Limit: e.Value})
	}
	return all
}
