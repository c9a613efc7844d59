package plan

import (
	"testing"

	"github.com/jailrun/jail/policy"
)

func TestEveryPlanIsSafe(t *testing.T) {
	for _, c := range cases {
		if err := compiled(t, c.in()).Verify(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestPlanWithoutALayerIsSafe(t *testing.T) {
	for _, l := range policy.AllLayers() {
		if !l.CanOff {
			continue
		}
		if err := compiled(t, layerOff(string(l.Name))).Verify(); err != nil {
			t.Errorf("%s: %v", l.Name, err)
		}
	}
}

func TestCallsAreInOrder(t *testing.T) {
	for i := 1; i < len(calls); i++ {
		if calls[i-1].nr >= calls[i].nr {
			t.Errorf("%s stands before %s", calls[i-1].name, calls[i].name)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	p := compiled(b, cases[0].in())
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Verify(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	in := cases[0].in()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(in); err != nil {
			b.Fatal(err)
		}
	}
}
