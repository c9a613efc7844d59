package isolate

import (
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/isolate/watch"
)

// sampleEvery is how often memory is summed where no group counts it.
const sampleEvery = 50 * time.Millisecond

// watchMemory samples the jail's memory where there is no group: RLIMIT_DATA
// holds each process, but neither their sum nor what they share.
func (r *run) watchMemory() {
	limit := int64(r.policy.Limits.Memory)
	switch {
	case r.group != nil:
		r.watchPeak()
		return
	case limit <= 0:
		return
	}
	r.every(sampleEvery, func() bool {
		n := r.sampleMemory()
		r.sampledPeak = max(r.sampledPeak, n)
		if n > limit {
			r.end(result.CauseMemory)
			return false
		}
		return true
	})
}

// peakEvery is how often a group's memory is read where the kernel keeps no
// peak: seldom enough to cost no more than one part in a thousand of a core.
const peakEvery = 10 * time.Millisecond

// watchPeak samples the group's memory on kernels without memory.peak: v2
// before Linux 5.19.
func (r *run) watchPeak() {
	if !r.group.KeepsPeak() {
		r.every(peakEvery, func() bool { return r.group.SamplePeak() == nil })
	}
}

// every calls f after each d, until it says no.
func (r *run) every(d time.Duration, f func() bool) {
	var t *watch.Timer
	t = r.at(d, func() {
		if f() {
			t.Reset(time.Now().Add(d))
		}
	})
}

// sampleMemory sums private memory over the jail's processes, and adds the
// shared memory that the largest of them has mapped, and what lies in the
// jail's own file system.
func (r *run) sampleMemory() int64 {
	var private, shared int64
	for _, pid := range descendants(r.initPID) {
		anon, shmem := residentOf(pid)
		private += anon
		shared = max(shared, shmem)
	}
	return private + max(shared, r.boxBytes())
}

func (r *run) boxBytes() int64 {
	s := r.space()
	if s == nil {
		return 0
	}
	return (s.Blocks - s.BlocksFree) * int64(os.Getpagesize())
}

// residentOf reads RssAnon and RssShmem of /proc/PID/status, in bytes.
func residentOf(pid int) (anon, shmem int64) {
	p, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, 0
	}
	return kib(p, "RssAnon"), kib(p, "RssShmem")
}

// kib reads a size that /proc/PID/status gives in KiB.
func kib(status []byte, name string) int64 {
	s, _ := statusField(status, name)
	n, _ := strconv.ParseInt(strings.TrimSuffix(s, " kB"), 10, 64)
	return n << 10
}
