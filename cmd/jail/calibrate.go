package main

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/jailrun/jail/isolate/steady"
)

// calibration is all that "jail calibrate" says.
type calibration struct {
	Shared   steady.Spread  `json:"shared"`   // a piece of work on any core
	Leased   *steady.Spread `json:"leased"`   // the same on a leased one; null where none was to be had
	TimersNS steady.Spread  `json:"timers"`   // how late sleeps of a millisecond ended
	StealNS  int64          `json:"steal_ns"` // what the hypervisor kept meanwhile, of all CPUs, nanoseconds
	StallNS  int64          `json:"stall_ns"` // time in which something waited for a CPU meanwhile, nanoseconds
	TookNS   int64          `json:"took_ns"`  // how long all this took, nanoseconds
	Host     []finding      `json:"host"`
	Settings []finding      `json:"settings"`
}

const (
	pieces = 150 // of 5 ms, twice
	naps   = 200 // of 1 ms

	// leaseWait is how long a lease may be waited for: others may be judging.
	leaseWait = 3 * time.Second
)

// calibrateCommand is "jail calibrate".
func calibrateCommand(r *request) int {
	c := calibrate()
	text := c.text()
	if r.asJSON {
		b, err := json.Marshal(c)
		if err != nil {
			complain(err)
			return 1
		}
		text = string(b) + "\n"
	}
	return printed(text)
}

func calibrate() *calibration {
	ctx, cancel := context.WithTimeout(context.Background(), leaseWait)
	defer cancel()
	begin, before := time.Now(), hostCounters()
	loops := steady.Run(ctx, pieces)
	c := &calibration{Shared: loops.Shared, Leased: loops.Leased, TimersNS: steady.Timers(naps)}
	after := hostCounters()
	c.StealNS, c.StallNS, c.TookNS = after.steal-before.steal, after.stall-before.stall, int64(time.Since(begin))
	c.Host = append(c.measured(), examineCPUs()...)
	c.Settings = append([]finding{leaseFinding(&loops), pressureFinding()}, ofCores()...)
	return c
}

// What is too much, in parts of a hundred: of the piece's time, of the timers'
// millisecond, and of the time that there was.
const (
	muchSpread = 5
	muchLate   = 50
	muchSteal  = 1
	muchStall  = 20
)

// measured judges what was measured.
func (c *calibration) measured() []finding {
	list := []finding{spreadFinding("work on any core", &c.Shared, c.whetherToLease())}
	if c.Leased != nil {
		list = append(list, spreadFinding("work on a leased core", c.Leased, "other processes of the host run there, or the hypervisor's: keep them off by isolcpus=, by cpusets (AllowedCPUs= of system.slice), or judge on a host of your own"))
	}
	late := float64(c.TimersNS.P95NS) / float64(time.Millisecond) * 100
	return append(list,
		bounded("timers", "95 of 100 naps of 1 ms end at most "+millis(c.TimersNS.P95NS)+" late", late, muchLate, "limits of time are met that much later: the host is overloaded, or its timer slack is large"),
		bounded("steal", millis(c.StealNS)+" of "+millis(c.TookNS), c.part(c.StealNS), muchSteal, "the hypervisor gives this machine's CPUs to others: ask for dedicated ones"),
		bounded("waiting for a CPU", millis(c.StallNS)+" of "+millis(c.TookNS), c.part(c.StallNS), muchStall, "there is more to run than CPUs: run fewer jails at once than there are cores"))
}

// whetherToLease advises by what was measured.
func (c *calibration) whetherToLease() string {
	if c.Leased != nil && c.Leased.Percent() >= c.Shared.Percent() {
		return "a leased core was no steadier just now: what disturbs it is no jail"
	}
	return "lease cores for what is judged by its time: --cores 1"
}

func (c *calibration) part(ns int64) float64 { return float64(ns) / float64(max(c.TookNS, 1)) * 100 }

func spreadFinding(name string, s *steady.Spread, mend string) finding {
	return bounded(name, "p50 "+millis(s.P50NS)+", p95 − p5 "+millis(s.P95NS-s.P5NS)+", "+strconv.FormatFloat(s.Percent(), 'f', 1, 64)+" % of it", s.Percent(), muchSpread, mend)
}

// bounded is a note with its mend where a figure is above what is usual.
func bounded(name, value string, got, most float64, mend string) finding {
	if got <= most {
		return finding{name, fine, value, ""}
	}
	return finding{name, note, value, mend}
}

func millis(ns int64) string {
	return strconv.FormatFloat(float64(ns)/float64(time.Millisecond), 'f', 2, 64) + " ms"
}

func (c *calibration) text() string {
	var b strings.Builder
	writeFindings(&b, "This host", c.Host)
	writeFindings(&b, "Settings that it can honour", c.Settings)
	b.WriteString("One and the same work differs by " + strconv.FormatFloat(c.Shared.Percent(), 'f', 1, 64) + " % here")
	if c.Leased != nil {
		b.WriteString(", on a leased core by " + strconv.FormatFloat(c.Leased.Percent(), 'f', 1, 64) + " %")
	}
	b.WriteString(".\n")
	return b.String()
}
