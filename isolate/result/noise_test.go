package result

import (
	"slices"
	"testing"
	"time"
)

func TestNoiseIsJudgedByBoundsOfTimeAndOfShare(t *testing.T) {
	ms := func(n float64) *int64 { return new(int64(n * float64(time.Millisecond))) }
	second := Setting{Wall: time.Second, CPUs: 1}
	for _, c := range []struct {
		name  string
		noise Noise
		in    Setting
		want  []Disturbance
	}{
		{"nothing is known", Noise{}, second, nil},
		{"nothing has happened", Noise{KeptNS: ms(0), OthersNS: ms(0), StealNS: ms(0), HostMemoryNS: ms(0)}, second, nil},
		{"kept at the bound", Noise{KeptNS: ms(20)}, second, nil},
		{"kept above it", Noise{KeptNS: ms(20.1)}, second, []Disturbance{DisturbedKept}},
		{"kept for too short a time", Noise{KeptNS: ms(1)}, Setting{Wall: 5 * time.Millisecond, CPUs: 1}, nil},
		{"kept in a short run", Noise{KeptNS: ms(1.1)}, Setting{Wall: 5 * time.Millisecond, CPUs: 1}, []Disturbance{DisturbedKept}},
		{"waited at the bound", Noise{WaitedNS: ms(20)}, second, nil},
		{"waited above it", Noise{WaitedNS: ms(20.1)}, second, []Disturbance{DisturbedWaited}},
		{"waited for less than is told", Noise{WaitedNS: ms(5)}, Setting{Wall: 50 * time.Millisecond, CPUs: 1}, nil},
		{"others within what a tick errs", Noise{OthersNS: ms(30)}, Setting{Wall: 50 * time.Millisecond, CPUs: 1}, nil},
		{"others at the bound", Noise{OthersNS: ms(50)}, second, nil},
		{"others above it", Noise{OthersNS: ms(60)}, second, []Disturbance{DisturbedOthers}},
		{"others of two CPUs' time", Noise{OthersNS: ms(60)}, Setting{Wall: time.Second, CPUs: 2}, nil},
		{"one tick of steal", Noise{StealNS: ms(10)}, Setting{Wall: 100 * time.Millisecond, CPUs: 1}, nil},
		{"two ticks of steal", Noise{StealNS: ms(20)}, second, []Disturbance{DisturbedSteal}},
		{"steal of two CPUs' time", Noise{StealNS: ms(20)}, Setting{Wall: time.Second, CPUs: 2}, nil},
		{"no memory on the host", Noise{HostMemoryNS: ms(51)}, second, []Disturbance{DisturbedMemory}},
		{"no memory in the jail", Noise{HostMemoryNS: ms(51)}, Setting{Wall: time.Second, CPUs: 1, AtMemory: true}, nil},
		{"a busy host is no proof", Noise{HostCPUNS: ms(1000), HostIONS: ms(1000)}, second, nil},
		{"a lease that was not kept", Noise{}, Setting{Wall: time.Second, Shared: true}, []Disturbance{DisturbedShared}},
		{"all at once", Noise{KeptNS: ms(500), OthersNS: ms(500), StealNS: ms(500), HostMemoryNS: ms(500)}, Setting{Wall: time.Second, CPUs: 1, Shared: true},
			[]Disturbance{DisturbedKept, DisturbedOthers, DisturbedSteal, DisturbedMemory, DisturbedShared}},
		{"no time at all", Noise{KeptNS: ms(0)}, Setting{}, nil},
	} {
		if got := c.noise.Judge(c.in); !slices.Equal(got, c.want) || got == nil {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
