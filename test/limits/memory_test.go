package limits

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestMemoryEndsTheJailWithItsEvidence(t *testing.T) {
	offered(t, "memory")
	done(t, policy.Policy{Limits: policy.Limits{Memory: 256 * size.MiB}}, "touch", "96")
	r := run(t, policy.Policy{Limits: policy.Limits{Memory: 64 * size.MiB}}, "touch", "96")
	if r.Reason != result.Memory || r.Evidence.OOMKills == nil || *r.Evidence.OOMKills == 0 {
		t.Errorf("%s, evidence %+v: %s", r.Reason, r.Evidence, r.text)
	}
}

func TestPidsRefusesTheNextOne(t *testing.T) {
	offered(t, "pids")
	done(t, policy.Policy{Limits: policy.Limits{Pids: 64}}, "touch", "1")
	r := run(t, policy.Policy{Limits: policy.Limits{Pids: 2}}, "touch", "1") // Go's runtime wants more threads
	if r.Evidence.PidsMaxEvents == nil || *r.Evidence.PidsMaxEvents == 0 {
		t.Errorf("%s, evidence %+v: %s", r.Reason, r.Evidence, r.text)
	}
}

// Page cache is memory that can be reclaimed: above the bound it is, and the
// program is slowed and not ended.
func TestMemoryHighHoldsWithoutEnding(t *testing.T) {
	if f := offered(t, "memory"); f.Version == 1 {
		t.Skip("needs memory.high: cgroup v1 has none")
	}
	dir, p := disk(t)
	p.Limits.Memory = 256 * size.MiB
	free := done(t, p, "write", dir+"/f", "64", "buffered")
	if *free.Usage.MemoryPeakBytes < 60<<20 {
		t.Fatalf("without the bound the peak is %d", *free.Usage.MemoryPeakBytes)
	}
	p.Limits.MemoryHigh = 24 * size.MiB
	r := done(t, p, "write", dir+"/f", "64", "buffered")
	if got := *r.Usage.MemoryPeakBytes; got > 36<<20 {
		t.Errorf("the peak is %d at --memory-high 24M", got)
	}
}

func TestHugePagesAreBounded(t *testing.T) {
	offered(t, "hugetlb")
	if pool := poolOfHugePages(t); pool < 8 {
		t.Skip("needs huge pages in the pool (vm.nr_hugepages): there are " + itoa(pool))
	}
	if r := run(t, policy.Policy{}, "huge", "4"); !strings.Contains(r.text, "cannot allocate") {
		t.Errorf("by default it has huge pages: %s", r.text)
	}
	done(t, policy.Policy{Limits: policy.Limits{HugeTLB: "unlimited"}}, "huge", "8")
	p := policy.Policy{Limits: policy.Limits{HugeTLB: "2M=8M"}}
	done(t, p, "huge", "4")
	if r := run(t, p, "huge", "5"); r.Reason == result.Exited && *r.ExitCode == 0 {
		t.Errorf("five huge pages of 2 MiB at --hugetlb 2M=8M: %s", r.text)
	}
}

func poolOfHugePages(t *testing.T) int {
	b, err := os.ReadFile("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages")
	if err != nil {
		t.Skip("needs huge pages of 2 MiB: ", err)
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return n
}

// Without a group their memory is looked at now and then, each page once: what
// several have for themselves is added up, what they share is not. A first thread
// that has ended shows nothing of its process.
func TestMemoryIsLookedAtWithoutAGroup(t *testing.T) {
	p := policy.Policy{Layers: policy.Layers{policy.LayerCgroup: policy.Off}, Limits: policy.Limits{Memory: 256 * size.MiB}}
	for _, c := range []struct {
		what  []string
		ended bool
	}{
		{[]string{"forks", "3", "share", "60", "1"}, false},
		{[]string{"forks", "3", "share", "120", "3"}, true},
		{[]string{"forks", "3", "orphan", "120", "3"}, true},
		{[]string{"forks", "1", "share", "300", "3"}, true},
		{[]string{"cow", "3", "110", "1"}, false},
		{[]string{"orphan", "110", "1"}, false},
	} {
		r := run(t, p, c.what...)
		if (r.Reason == result.Memory) != c.ended || !c.ended && r.Reason != result.Exited {
			t.Errorf("%v with 256 MiB: %s: %.300s", c.what, result.Sentence(r.Result), r.text)
		}
		if peak := *r.Usage.MemoryPeakBytes; !c.ended && peak > 256<<20 {
			t.Errorf("%v: its peak is %d", c.what, peak)
		}
	}
}
