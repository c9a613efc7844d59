package isolate

import (
	"testing"

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
