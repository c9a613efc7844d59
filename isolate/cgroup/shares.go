package cgroup

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// period is that of the CPU bandwidth, microseconds: the kernel's default, and
// long enough that a program which rests now and then is not held back.
const period = 100_000

// bandwidth is a quota of CPU time in each period (sched-bwc.rst).
func bandwidth(s *Spec, version int) []setting {
	quota := strconv.FormatInt(s.CPUMax*period/10_000, 10)
	if version == 2 {
		v := quota + " " + strconv.Itoa(period)
		return []setting{{value: v, want: v}}
	}
	p := strconv.Itoa(period)
	return []setting{{file: "cpu.cfs_period_us", value: p, want: p}, {value: quota, want: quota}}
}

// cpuWeight: v1 counts shares, 1024 being what 100 is on v2.
func cpuWeight(s *Spec, version int) []setting {
	if version == 2 {
		return equal(s.CPUWeight)
	}
	return equal(max(s.CPUWeight*1024/100, 2))
}

// mostBFQ is bfq's largest weight (bfq-iosched.rst).
const mostBFQ = 1000

// ioWeight sets the weight for whoever heeds it. The bfq scheduler has a smaller
// largest weight and the same default.
func ioWeight(s *Spec, version int) []setting {
	bfq := strconv.FormatInt(min(s.IOWeight, mostBFQ), 10)
	if version == 1 {
		return []setting{{value: bfq, want: bfq}}
	}
	all := []setting{{file: "io.bfq.weight", value: bfq, want: bfq, keyed: true, optional: true}}
	v := "default " + strconv.FormatInt(s.IOWeight, 10)
	return append(all, setting{file: "io.weight", value: v, want: v, keyed: true, optional: true})
}

// ErrUnheeded tells that the kernel would take a weight and nobody would heed it.
var ErrUnheeded = errors.New("no block device here is shared out by weight")

// weighs says whether weights of block devices have an effect: by the scheduler
// bfq of any device, or by iocost, which the root group's io.cost.qos enables.
func (h *Host) weighs(s *Spec) error {
	if s.IOWeight <= 0 || usesBFQ() {
		return nil
	}
	t := h.find("blkio")
	if qos, err := os.ReadFile(h.root + "/io.cost.qos"); err == nil && t != nil && t.version == 2 && strings.Contains(string(qos), "enable=1") {
		return nil
	}
	return &Error{Op: "limit", Path: "io_weight", Err: ErrUnheeded, Hint: "give the disk the scheduler that does: echo bfq >/sys/block/DISK/queue/scheduler"}
}

func usesBFQ() bool {
	found, _ := filepath.Glob("/sys/block/*/queue/scheduler") // the pattern is well formed
	for _, path := range found {
		if b, err := os.ReadFile(path); err == nil && strings.Contains(string(b), "[bfq]") { // #nosec G304 -- a file of sysfs
			return true
		}
	}
	return false
}

func (r Rate) readBPS() int64  { return r.ReadBPS }
func (r Rate) writeBPS() int64 { return r.WriteBPS }
func (r Rate) readOps() int64  { return r.ReadOps }
func (r Rate) writeOps() int64 { return r.WriteOps }

// rated says whether a spec bounds this kind of traffic.
func rated(kind func(Rate) int64) func(*Spec) bool {
	return func(s *Spec) bool {
		for _, r := range s.Rates {
			if kind(r) > 0 {
				return true
			}
		}
		return false
	}
}

// throttle is v1's: a file for each kind of traffic, a line for each device.
func throttle(kind func(Rate) int64) func(*Spec, int) []setting {
	return func(s *Spec, _ int) (all []setting) {
		for _, r := range s.Rates {
			if n := kind(r); n > 0 {
				line := r.Device + " " + strconv.FormatInt(n, 10)
				all = append(all, setting{value: line, want: line, keyed: true})
			}
		}
		return all
	}
}

// maxOfEach is v2's: one file, a line for each device.
func maxOfEach(s *Spec, _ int) (all []setting) {
	for _, r := range s.Rates {
		line := r.Device
		for _, of := range [...]struct {
			key   string
			limit int64
		}{{"rbps", r.ReadBPS}, {"wbps", r.WriteBPS}, {"riops", r.ReadOps}, {"wiops", r.WriteOps}} {
			if of.limit != 0 { // what is not named stays, and is none at first
				line += " " + of.key + "=" + orMax(of.limit)
			}
		}
		all = append(all, setting{value: line, want: line, keyed: true})
	}
	return all
}

func orMax(n int64) string {
	if n <= 0 {
		return "max"
	}
	return strconv.FormatInt(n, 10)
}

// hugeSettings bounds every size of huge pages that the kernel has.
func hugeSettings(s *Spec, version int) (all []setting) {
	file := map[int]string{1: "limit_in_bytes", 2: "max"}[version]
	for _, size := range hugeSizes() {
		limit, named := limitOfSize(s.HugeTLB, size)
		if s.partial && !named || !s.partial && limit == Unlimited {
			continue
		}
		if limit == Unlimited {
			limit = math.MaxInt64
		}
		v, name := strconv.FormatInt(limit/size*size, 10), "hugetlb."+sizeName(size)+"."
		all = append(all, setting{file: name + "rsvd." + file, value: v, want: v, optional: true, // since 5.7: else who maps without touching empties the pool
			note: "the kernel can't bound reservations of huge pages (before 5.7)"},
			setting{file: name + file, value: v, want: v})
	}
	return all
}

// limitOfSize is zero for a size that nobody has named.
func limitOfSize(bounds []Pages, size int64) (limit int64, named bool) {
	for _, b := range bounds {
		switch b.Size {
		case size:
			return b.Limit, true
		case 0:
			limit, named = b.Limit, true
		}
	}
	return limit, named
}

// hugeSizes are the sizes of huge pages, bytes (hugetlbpage.rst).
func hugeSizes() (sizes []int64) {
	found, _ := filepath.Glob("/sys/kernel/mm/hugepages/hugepages-*kB") // the pattern is well formed
	for _, path := range found {
		kb := strings.TrimSuffix(path[strings.LastIndexByte(path, '-')+1:], "kB")
		if n, err := strconv.ParseInt(kb, 10, 64); err == nil && n > 0 {
			sizes = append(sizes, n<<10)
		}
	}
	return sizes
}

// sizeName is a size of pages in a file's name: "2MB".
func sizeName(size int64) string {
	for _, u := range [...]struct {
		shift uint
		name  string
	}{{30, "GB"}, {20, "MB"}} {
		if size >= 1<<u.shift {
			return strconv.FormatInt(size>>u.shift, 10) + u.name
		}
	}
	return strconv.FormatInt(size>>10, 10) + "KB"
}

// rdmaSettings bounds every RDMA device that there is.
func rdmaSettings(s *Spec, _ int) (all []setting) {
	bounds := ""
	for _, o := range s.RDMA {
		bounds += " " + o.Name + "=" + orMax(o.Limit)
	}
	found, _ := filepath.Glob("/sys/class/infiniband/*") // the pattern is well formed
	for _, path := range found {
		line := filepath.Base(path) + bounds
		all = append(all, setting{value: line, want: line, keyed: true})
	}
	return all
}

// hasHuge refuses a bound for a size of huge pages that there is none of.
func (s *Spec) hasHuge() error {
	sizes := hugeSizes()
	for _, b := range s.HugeTLB {
		known := b.Size == 0 && len(sizes) > 0
		for _, size := range sizes {
			known = known || size == b.Size
		}
		if !known {
			return &Error{Op: "limit", Path: "hugetlb " + strconv.FormatInt(b.Size, 10), Err: unix.EINVAL, Hint: "the sizes that there are: ls /sys/kernel/mm/hugepages"}
		}
	}
	return nil
}
