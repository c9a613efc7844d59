package faults

import (
	"fmt"
	"testing"
)

// shortages are limits under which jail itself is started, each from what is too
// little to what is enough.
var shortages = []struct {
	name   string
	option string // of prlimit(1)
	values []int
	user   bool // binds an ordinary user alone
}{
	{"open files", "nofile", upTo(3, 64, 1), false},
	{"processes", "nproc", upTo(1, 24, 1), true},
	{"address space", "as", upTo(16<<20, 2<<30, 96<<20), false},
	{"data", "data", upTo(1<<20, 128<<20, 4<<20), false},
	{"file size", "fsize", upTo(0, 256<<10, 16<<10), false},
}

func upTo(from, to, step int) (list []int) {
	for n := from; n <= to; n += step {
		list = append(list, n)
	}
	return list
}

// TestAShortageEndsNoLaunchInAWrongVerdict gives jail each amount of what it
// needs.
func TestAShortageEndsNoLaunchInAWrongVerdict(t *testing.T) {
	asEach(t, func(t *testing.T, uid int) {
		g := newGround(t, uid)
		for _, row := range shortages {
			if row.user && uid == 0 {
				continue
			}
			worked := 0
			for _, n := range sampled(row.values, 4) {
				c := g.jail(released, withResult("--", "/bin/true")...)
				c.Path, c.Args = "/usr/bin/prlimit", append([]string{"prlimit", fmt.Sprintf("--%s=%d", row.option, n)}, c.Args...)
				if g.start(c).holdFailed(fmt.Sprintf("%s: %d", row.name, n)) {
					worked++
				}
			}
			if t.Logf("%s: %d launches went well", row.name, worked); worked == 0 || worked >= len(sampled(row.values, 4)) {
				t.Errorf("%s: from too little to enough was not tried", row.name)
			}
		}
	})
}
