package cgroup

import (
	"errors"
	"strconv"

	"golang.org/x/sys/unix"
)

// ErrNotThere tells that this version of cgroups has no such limit.
var ErrNotThere = errors.New("this version of cgroups can't hold it")

// row is one limit: where it is written on each version, and what for.
type row struct {
	limit      string // as a policy names it
	controller string // by its v1 name
	v1, v2     string // the file; empty where that version has none
	holds      string // what the kernel does at the bound; the docs print it
	lack       string // what to do where a version has no file
	refused    string // what EINVAL, ERANGE and ENODEV mean
	outer      bool   // it counts beside other groups, so on v2 it is set where they are siblings
	asked      func(*Spec) bool
	settings   func(s *Spec, version int) []setting
}

func (r *row) on(version int) string {
	if version == 1 {
		return r.v1
	}
	return r.v2
}

// rows are all limits that groups hold, in the order in which they are written:
// on v1 the sum of memory and swap must not be below the memory limit at any
// time, on v2 swap is off before memory is short.
var rows = [...]row{
	{limit: "memory", controller: "memory", v1: "memory.limit_in_bytes",
		holds: "reclaims; then the group is killed, reason `memory`",
		asked: (*Spec).boundsMemory, settings: func(s *Spec, _ int) []setting { return pages(s.Memory) }},
	{limit: "memory", controller: "memory", v2: "memory.oom.group",
		holds: "the kernel kills all of the group, not one task",
		asked: (*Spec).boundsMemory, settings: killAll},
	{limit: "swap", controller: "memory", v1: "memory.memsw.limit_in_bytes", v2: "memory.swap.max",
		holds: "nothing more is swapped out; on v1 the file bounds memory and swap together",
		lack:  lackOfSwap,
		asked: (*Spec).boundsSwap, settings: swapSettings},
	{limit: "memory", controller: "memory", v1: "memory.kmem.tcp.limit_in_bytes",
		holds: "TCP buffers, which have a counter of their own on v1",
		asked: (*Spec).boundsMemory, settings: tcpBuffers},
	{limit: "memory", controller: "memory", v2: "memory.max",
		holds: "reclaims; then the group is killed, reason `memory`",
		asked: (*Spec).boundsMemory, settings: func(s *Spec, _ int) []setting { return pages(s.Memory) }},
	{limit: "memory_high", controller: "memory", v2: "memory.high",
		holds: "tasks are slowed and their memory is reclaimed; none is killed for it",
		lack:  "v1 has no such bound: use --memory, or boot with cgroup v2 (systemd.unified_cgroup_hierarchy=1)",
		asked: func(s *Spec) bool { return s.MemoryHigh > 0 }, settings: func(s *Spec, _ int) []setting { return pages(s.MemoryHigh) }},
	{limit: "hugetlb", controller: "hugetlb", v1: "hugetlb.*.limit_in_bytes", v2: "hugetlb.*.max",
		holds:   "mmap(2) fails with ENOMEM, or a page that is not there gives SIGBUS",
		refused: "sizes of huge pages that there are: ls /sys/kernel/mm/hugepages",
		asked:   func(s *Spec) bool { return len(s.HugeTLB) > 0 }, settings: hugeSettings},
	{limit: "rdma", controller: "rdma", v1: "rdma.max", v2: "rdma.max",
		holds: "the verb fails with EAGAIN",
		asked: func(s *Spec) bool { return len(s.RDMA) > 0 }, settings: rdmaSettings},
	{limit: "pids", controller: "pids", v1: "pids.max", v2: "pids.max",
		holds: "fork(2) fails with EAGAIN; reason `pids` by --pids-action",
		asked: func(s *Spec) bool { return s.Pids != Unlimited }, settings: func(s *Spec, _ int) []setting { return equal(s.Pids) }},
	{limit: "cores", controller: "cpuset", v1: "cpuset.cpus", v2: "cpuset.cpus",
		holds: "tasks run on these CPUs only, whatever sched_setaffinity(2) says",
		asked: func(s *Spec) bool { return s.Cores != "" }, settings: coreSettings},
	{limit: "cpu_max", controller: "cpu", v1: "cpu.cfs_quota_us", v2: "cpu.max",
		holds:   "tasks wait for the next period of 0.1 s",
		refused: "a group above has less CPU time, or on v1 one below has more, which has to be lowered first (cpu.max, cpu.cfs_quota_us of 100000; jail ps)",
		asked:   func(s *Spec) bool { return s.CPUMax > 0 }, settings: bandwidth},
	{limit: "cpu_weight", controller: "cpu", outer: true, v1: "cpu.shares", v2: "cpu.weight",
		holds: "a share of CPU time in proportion, where all of it is wanted",
		asked: func(s *Spec) bool { return s.CPUWeight > 0 }, settings: cpuWeight},
	{limit: "io_weight", controller: "blkio", outer: true, v1: "blkio.bfq.weight", v2: "io.weight, io.bfq.weight",
		holds: "a share of a device's time in proportion, where all of it is wanted: by the bfq scheduler, or on v2 by iocost",
		asked: func(s *Spec) bool { return s.IOWeight > 0 }, settings: ioWeight},
	{limit: "io_read_bps", controller: "blkio", v1: "blkio.throttle.read_bps_device",
		holds: "requests wait", refused: noDisk,
		asked: rated(Rate.readBPS), settings: throttle(Rate.readBPS)},
	{limit: "io_write_bps", controller: "blkio", v1: "blkio.throttle.write_bps_device",
		holds: "requests wait; v1 holds direct and synchronous writes only, not what the kernel writes back later", refused: noDisk,
		asked: rated(Rate.writeBPS), settings: throttle(Rate.writeBPS)},
	{limit: "io_read_ops", controller: "blkio", v1: "blkio.throttle.read_iops_device",
		holds: "requests wait", refused: noDisk,
		asked: rated(Rate.readOps), settings: throttle(Rate.readOps)},
	{limit: "io_write_ops", controller: "blkio", v1: "blkio.throttle.write_iops_device",
		holds: "requests wait; v1 holds direct and synchronous writes only, not what the kernel writes back later", refused: noDisk,
		asked: rated(Rate.writeOps), settings: throttle(Rate.writeOps)},
	{limit: "io_read_bps, io_write_bps, io_read_ops, io_write_ops", controller: "blkio", v2: "io.max",
		holds: "requests wait, and who dirties pages is slowed to what is written back", refused: noDisk,
		asked: func(s *Spec) bool { return len(s.Rates) > 0 }, settings: maxOfEach},
}

const lackOfSwap = "v1 bounds memory and swap together: set a memory limit too"

const noDisk = "name a whole disk, not a part of one: see lsblk"

func (s *Spec) boundsMemory() bool { return s.Memory != Unlimited }

// boundsSwap: without a bound of memory none of swap is meant unless it is named.
func (s *Spec) boundsSwap() bool {
	return s.Swap != Unlimited && (s.Memory != Unlimited || s.Swap > 0 || s.partial)
}

// pages: the kernel counts in pages and rounds down.
func pages(limit int64) []setting {
	page := int64(unix.Getpagesize())
	return []setting{{value: strconv.FormatInt(limit, 10), want: strconv.FormatInt(limit/page*page, 10)}}
}

// killAll is for a jail: in a set the kernel is to end one jail and not all.
func killAll(s *Spec, _ int) []setting {
	if s.partial {
		return nil
	}
	return []setting{{value: "1", want: "1", optional: true, note: "the kernel kills one task of the group, not all (before 4.19)"}}
}

func tcpBuffers(s *Spec, _ int) []setting {
	set := pages(s.Memory)
	set[0].optional, set[0].note = true, "the kernel can't bound TCP buffers"
	return set
}

// swapSettings: a host that does not account swap can still be told to use none.
func swapSettings(s *Spec, version int) []setting {
	if version == 2 {
		set := pages(s.Swap)
		if s.Swap == 0 {
			set[0].optional, set[0].note = true, "the kernel does not account swap"
		}
		return set
	}
	set := pages(s.Memory + s.Swap)
	if s.Swap == 0 {
		set[0].optional = true
		set[0].instead, set[0].note = "memory.swappiness=0", "swap is not accounted (swapaccount=0): memory.swappiness is 0 instead"
	}
	return set
}

func coreSettings(s *Spec, _ int) []setting {
	want, _ := canonicalCores(s.Cores)
	return []setting{{value: s.Cores, want: want}}
}

// missingLimit says which limit of a spec the version of its hierarchy lacks.
func (h *Host) missingLimit(s *Spec) error {
	for i := range rows {
		r := &rows[i]
		t := h.find(r.controller)
		if r.lack == "" || t == nil || !r.asked(s) {
			continue
		}
		if r.on(t.version) == "" || r.limit == "swap" && t.version == 1 && !s.boundsMemory() && !s.partial {
			return &Error{Op: "limit", Path: r.limit, Err: ErrNotThere, Hint: r.lack}
		}
	}
	return nil
}
