package isolate

import (
	"testing"
	"time"

	"github.com/jailrun/jail/isolate/result"
)

// Between the program's end and pid 1's, whose namespaces take their time, all
// accounts are settled: a cancel must not make another verdict of them.
func TestACancelAfterTheProgramsEndChangesNoVerdict(t *testing.T) {
	r := newRun(&Cmd{})
	r.alone = true
	r.ev.CPUNS = new(int64(7))
	r.end(result.CauseCanceled)
	if r.ev.Killed != "" || *r.ev.CPUNS != 7 {
		t.Errorf("killed %q, %d ns", r.ev.Killed, *r.ev.CPUNS)
	}
}

// A supervisor that was stopped before it had seen the exec must not take the
// program's time for shorter than it was.
func TestALateSupervisorKnowsWhenTheProgramBegan(t *testing.T) {
	const up, late = 5000*time.Second + 300*time.Millisecond, 2700 * time.Millisecond
	setBack := up.Truncate(time.Second)
	for name, then := range map[string]time.Duration{
		"in a time namespace": up - setBack + 10*time.Millisecond, "in none": up + 10*time.Millisecond,
	} {
		if got := lateness(up+10*time.Millisecond+late, then, setBack); got != late {
			t.Errorf("%s: %v late, not %v", name, got, late)
		}
	}
	if got := lateness(up, up+time.Millisecond, setBack); got != 0 {
		t.Errorf("%v late, of what is to come", got)
	}
}
