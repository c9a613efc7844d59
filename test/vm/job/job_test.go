package job

import (
	"testing"
	"time"
)

func TestEndSurvivesTheSerialLine(t *testing.T) {
	for _, want := range []Result{
		{Job: 0, Status: "exit 0", Took: 12 * time.Millisecond},
		{Job: 3, Status: "signal 9"},
		{Job: 4, Status: "start: no such file or directory"},
	} {
		got, ok := ParseEnd(FormatEnd(want))
		if !ok || got != want {
			t.Errorf("ParseEnd = %+v, %v; want %+v", got, ok, want)
		}
	}
}

func TestOutputOfATestIsNoMarker(t *testing.T) {
	for _, line := range []string{"", "PASS", Mark, Mark + " end", Mark + " end x y z", "ok " + Mark + " end 0 0 exit 0"} {
		if r, ok := ParseEnd(line); ok {
			t.Errorf("%q read as %+v", line, r)
		}
	}
}
