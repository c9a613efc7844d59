package result

import "time"

// Setting is what noise is weighed by.
type Setting struct {
	Wall     time.Duration // from the program's start to its end
	CPUs     int           // that it had
	Shared   bool          // cores.shared
	AtMemory bool          // the jail was at its own limit of memory
}

// disturbances holds the rule of each, with its bounds: what is below the first is
// less than can be measured or told from a program's own doings, what is below
// the second, parts in a thousand of the time that there was, is no disturbance.
var disturbances = [...]struct {
	is    Disturbance
	of    func(*Noise) *int64
	least time.Duration
	mille int64
	perCPU,
	memory bool
}{
	{is: DisturbedKept, of: func(n *Noise) *int64 { return n.KeptNS }, least: time.Millisecond, mille: 20},
	{is: DisturbedWaited, of: func(n *Noise) *int64 { return n.WaitedNS }, least: 5 * time.Millisecond, mille: 20},
	{is: DisturbedOthers, of: func(n *Noise) *int64 { return n.OthersNS }, least: 30 * time.Millisecond, mille: 50, perCPU: true},
	{is: DisturbedSteal, of: func(n *Noise) *int64 { return n.StealNS }, least: 10 * time.Millisecond, mille: 10, perCPU: true},
	{is: DisturbedMemory, of: func(n *Noise) *int64 { return n.HostMemoryNS }, least: 10 * time.Millisecond, mille: 50, memory: true},
}

// Judge names what disturbed a run. It is pure: all that it may weigh is given.
func (n *Noise) Judge(s Setting) []Disturbance {
	found := []Disturbance{}
	for _, d := range disturbances {
		ns := d.of(n)
		if ns == nil || d.memory && s.AtMemory {
			continue
		}
		had := int64(s.Wall)
		if d.perCPU {
			had *= int64(max(s.CPUs, 1))
		}
		if *ns > int64(d.least) && *ns > had/1000*d.mille {
			found = append(found, d.is)
		}
	}
	if s.Shared {
		found = append(found, DisturbedShared)
	}
	return found
}

// Known says whether a run can be called an undisturbed one: the host's own
// counters alone don't show who shared the program's CPUs.
func (n *Noise) Known() bool { return n.KeptNS != nil || n.WaitedNS != nil || n.OthersNS != nil }
