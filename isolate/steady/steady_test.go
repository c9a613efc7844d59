package steady

import (
	"testing"
	"time"
)

func TestASpreadIsOfTheMiddleNinetyInAHundred(t *testing.T) {
	var times []time.Duration
	for i := range 101 {
		times = append(times, time.Duration((i*37)%101)) // 0…100, mixed
	}
	s := Of(times)
	if s != (Spread{Runs: 101, P5NS: 5, P50NS: 50, P95NS: 95}) || s.Percent() != 180 {
		t.Errorf("%+v, %v %%", s, s.Percent())
	}
	if s := Of(nil); s.Percent() != 0 || s.Runs != 0 {
		t.Errorf("of nothing: %+v", s)
	}
}

// The work is not left out by the compiler, and takes longer if it is more.
func TestTheWorkIsDone(t *testing.T) {
	if work(1) == work(2) {
		t.Fatal("a step does nothing")
	}
	if n := rounds(); n < 1000 {
		t.Errorf("%d rounds make up %v", n, piece)
	}
}
