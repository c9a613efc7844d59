package isolate

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/isolate/watch"
)

// sampleEvery is how often the processes are looked at where no group counts
// what they use.
const sampleEvery = 50 * time.Millisecond

// watchUse samples what a jail uses that no group counts: RLIMIT_DATA and
// RLIMIT_CPU hold each process, but neither their sum nor what they share.
func (r *run) watchUse() {
	if r.group != nil {
		r.watchPeak()
		return
	}
	r.every(sampleEvery, func() bool {
		n, err := r.sample()
		r.lookAtWaiting()
		if limit := int64(r.policy.Limits.Memory); r.looked(&r.limits.blind.memory, err) && limit > 0 && n > limit {
			r.end(result.CauseMemory)
		}
		return r.ev.Killed == ""
	})
}

// sample notes the CPU time and gives the memory in use.
func (r *run) sample() (memory int64, err error) {
	if err = r.limits.census.take(r.initPID); err == nil {
		memory, err = r.sampleMemory()
	}
	return memory, err
}

// peakEvery is how often a group's memory is read where the kernel keeps no
// peak: seldom enough to cost no more than one part in a thousand of a core.
const peakEvery = 10 * time.Millisecond

// watchPeak samples the group's memory on kernels without memory.peak: v2
// before Linux 5.19. It is a figure and no limit: a sample that fails is left out.
func (r *run) watchPeak() {
	if !r.group.KeepsPeak() {
		r.every(peakEvery, func() bool { return !errors.Is(r.group.SamplePeak(), cgroup.ErrClosed) })
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
// jail's own file system. The peak is at least that of the largest process. Others
// may share other memory, and what is private may be one page of several: where
// the limit could be passed each page is counted once.
func (r *run) sampleMemory() (int64, error) {
	var private, shared, most int64
	for _, pid := range r.limits.census.order {
		m, err := residentOf(pid)
		if err != nil {
			return 0, err
		}
		private += m.anon
		shared, most = max(shared, m.shmem), most+m.anon+m.shmem
		r.sampledPeak = max(r.sampledPeak, m.peak)
	}
	box := r.boxBytes()
	sum := private + max(shared, box)
	if limit := int64(r.policy.Limits.Memory); limit > 0 && most+box > limit {
		sum = r.exactMemory()
	}
	r.sampledPeak = max(r.sampledPeak, sum)
	return sum, nil
}

func (r *run) boxBytes() int64 {
	s := r.space()
	if s == nil {
		return 0
	}
	return (s.Blocks - s.BlocksFree) * int64(os.Getpagesize())
}

// resident is the memory of a process, in bytes.
type resident struct{ anon, shmem, peak int64 }

// residentOf reads /proc/PID/status. A process that is gone has none; of one whose
// first thread has ended another tells.
func residentOf(pid int) (m resident, err error) {
	p, err := readProc("/proc/" + strconv.Itoa(pid) + "/status")
	switch {
	case isGone(err):
		return m, nil
	case err != nil:
		return m, err
	}
	if !bytes.Contains(p, []byte("\nVmHWM:")) {
		dir, err := livingThread(pid)
		if err != nil || dir == "" {
			return m, err
		}
		if p, err = readProc(dir + "/status"); err != nil {
			if isGone(err) {
				err = nil
			}
			return m, err
		}
	}
	return resident{kib(p, "RssAnon"), kib(p, "RssShmem"), kib(p, "VmHWM")}, nil
}

// kib reads a size that /proc/PID/status gives in KiB.
func kib(status []byte, name string) int64 {
	s, _ := host.StatusField(status, name)
	n, _ := strconv.ParseInt(strings.TrimSuffix(s, " kB"), 10, 64)
	return n << 10
}
