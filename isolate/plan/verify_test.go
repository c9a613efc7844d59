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

// The search needs an order by number, which differs between architectures.
func TestEveryCallIsFoundByItsNumber(t *testing.T) {
	known := map[uint64]*call{}
	for i := range calls {
		known[uint64(calls[i].nr)] = &calls[i]
	}
	if len(known) != len(calls) {
		t.Errorf("%d numbers of %d calls", len(known), len(calls))
	}
	for nr := range uint64(1 << 10) {
		if got := callOf(nr); got != known[nr] {
			t.Errorf("number %d: %v, want %v", nr, got, known[nr])
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
