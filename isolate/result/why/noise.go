package why

import "github.com/jailrun/jail/isolate/result"

// disturbed says of each way in which a host disturbs a run what it means, and
// what makes for steadier times.
var disturbed = [...]struct {
	cause result.Disturbance
	of    func(*result.Noise) *int64
	text  string
	mend  string
}{
	{result.DisturbedKept, func(n *result.Noise) *int64 { return n.KeptNS }, "it was ready to run, and others had its CPUs", "--cores 1 leases a core that no other jail runs on"},
	{result.DisturbedWaited, func(n *result.Noise) *int64 { return n.WaitedNS }, "it waited for a CPU", "--cores 1 leases a core that no other jail runs on"},
	{result.DisturbedOthers, func(n *result.Noise) *int64 { return n.OthersNS }, "others, no jails, ran on the leased cores", "keep other work of the host off those cores (isolcpus, cpuset)"},
	{result.DisturbedSteal, func(n *result.Noise) *int64 { return n.StealNS }, "the hypervisor gave its CPUs to other machines", "take a machine with CPUs of its own"},
	{result.DisturbedMemory, func(n *result.Noise) *int64 { return n.HostMemoryNS }, "nothing on the host could run for want of memory", "free memory on the host, or run fewer jails at once"},
	{result.DisturbedShared, func(*result.Noise) *int64 { return nil }, "other jails may have run on its cores in spite of the lease", "see docs/fairness.md: an ordinary user's jails can't be kept off by another's"},
}

// remarks says how the host disturbed the times.
func remarks(r *result.Result) []Remark {
	list := []Remark{}
	if r.Usage.Noise == nil {
		return list
	}
	for _, c := range r.Usage.Noise.Causes {
		list = append(list, remark(c, r.Usage.Noise))
		if len(list) > len(disturbed) {
			break // of a file that lists more than there are
		}
	}
	return list
}

func remark(c result.Disturbance, n *result.Noise) Remark {
	for i := range disturbed {
		d := &disturbed[i]
		if d.cause != c {
			continue
		}
		text := d.text
		if ns := d.of(n); ns != nil {
			text += " for " + span(*ns)
		}
		return Remark{string(c), text, d.mend}
	}
	return Remark{Cause: plain(string(c)), Text: "a cause that this version does not know"}
}
