package result

import (
	"time"

	"github.com/jailrun/jail/policy"
)

// Source says where a figure comes from.
type Source string

// The sources.
const (
	SourceCgroupV1 Source = "cgroup-v1" // the jail's own groups: memory.max_usage_in_bytes, cpuacct.usage, blkio
	SourceCgroupV2 Source = "cgroup-v2" // the jail's own group: memory.peak, cpu.stat, io.stat
	SourceRusage   Source = "rusage"    // wait4(2): of the processes that were waited for, the largest one's peak
	SourceSampled  Source = "sampled"   // read now and then while the program ran: a lower bound
	SourceProcfs   Source = "procfs"    // summed over /proc: a lower bound
)

// Usage is what the whole jail used, its survivors' share too. A figure that
// this host can't give is null.
type Usage struct {
	WallNS            *int64  `json:"wall_ns"`             // from exec to the program's end, nanoseconds, on CLOCK_MONOTONIC
	CPUNS             *int64  `json:"cpu_ns"`              // CPU time of all tasks, nanoseconds; about 1 ms of it is the building of the jail
	UserNS            *int64  `json:"user_ns"`             // the part of it in user mode, nanoseconds
	SystemNS          *int64  `json:"system_ns"`           // the part of it in the kernel, nanoseconds
	MemoryPeakBytes   *int64  `json:"memory_peak_bytes"`   // most memory at once, bytes: tmpfs, pipes and socket buffers count
	MemorySource      *Source `json:"memory_source"`       // where the peak comes from
	SwapPeakBytes     *int64  `json:"swap_peak_bytes"`     // most swap at once, bytes
	PidsPeak          *int64  `json:"pids_peak"`           // most tasks at once
	IOReadBytes       *int64  `json:"io_read_bytes"`       // read from block devices, bytes
	IOWriteBytes      *int64  `json:"io_write_bytes"`      // written to block devices, bytes
	IOReadOps         *int64  `json:"io_read_ops"`         // reads from block devices
	IOWriteOps        *int64  `json:"io_write_ops"`        // writes to block devices
	CPUThrottledNS    *int64  `json:"cpu_throttled_ns"`    // time that a CPU quota held tasks back, nanoseconds
	OOMKills          *int64  `json:"oom_kills"`           // tasks that the kernel's out-of-memory killer ended
	CPUSource         *Source `json:"cpu_source"`          // where the CPU times come from
	IOSource          *Source `json:"io_source"`           // where the block device figures come from
	MemoryAnonBytes   *int64  `json:"memory_anon_bytes"`   // anonymous memory at the last look, bytes
	MemoryFileBytes   *int64  `json:"memory_file_bytes"`   // page cache at the last look, bytes
	MemoryShmemBytes  *int64  `json:"memory_shmem_bytes"`  // shared memory and tmpfs at the last look, bytes, part of file
	MemoryKernelBytes *int64  `json:"memory_kernel_bytes"` // what the kernel held for it at the last look, bytes: slab, page tables, stacks
	MemorySocketBytes *int64  `json:"memory_socket_bytes"` // network buffers at the last look, bytes; on cgroup v1 those of TCP
	Noisy             *bool   `json:"noisy"`               // the host disturbed the timing: the causes of noise say how; null without --cpu and --cores, and where the host can't tell
	Noise             *Noise  `json:"noise"`               // what was seen of it; null without --cpu and --cores
}

// Limits are the bounds of the resolved policy. Null means none. Where the
// caller's own hard limit of open files, stack or file size is lower
// (getrlimit(2)), that one holds.
type Limits struct {
	CPUNS           *int64        `json:"cpu_ns"`            // CPU time of the whole jail, nanoseconds (--cpu)
	WallNS          *int64        `json:"wall_ns"`           // time on the clock, nanoseconds (--wall)
	IdleNS          *int64        `json:"idle_ns"`           // time without CPU and without a byte, nanoseconds (--idle)
	MemoryBytes     *int64        `json:"memory_bytes"`      // memory of the whole jail, bytes (--memory)
	Pids            *int64        `json:"pids"`              // tasks at once (--pids)
	OutputBytes     *int64        `json:"output_bytes"`      // bytes of each of stdout and stderr (--output)
	DiskBytes       *int64        `json:"disk_bytes"`        // /box, /tmp and /dev/shm together, bytes (--disk)
	Inodes          *int64        `json:"inodes"`            // files in the same (--inodes)
	FileSizeBytes   *int64        `json:"file_size_bytes"`   // size of one file, bytes: RLIMIT_FSIZE (--file-size)
	StackBytes      *int64        `json:"stack_bytes"`       // stack of the first thread, bytes: RLIMIT_STACK, soft (--stack)
	OpenFiles       *int64        `json:"open_files"`        // descriptors of one process: RLIMIT_NOFILE; 1024 is soft, any other number a bound (--open-files)
	SwapBytes       *int64        `json:"swap_bytes"`        // swap space beside the memory, bytes (--swap); 0: none
	MemoryHighBytes *int64        `json:"memory_high_bytes"` // memory above which it is slowed, bytes (--memory-high)
	HugeTLB         *string       `json:"hugetlb"`           // bytes in huge pages, as "2M=64M" (--hugetlb); null: none can be had
	RDMA            *string       `json:"rdma"`              // objects of each RDMA device, as "hca_handle=2" (--rdma)
	CPUMax          *string       `json:"cpu_max"`           // bandwidth as "30%" of one core (--cpu-max)
	CPUWeight       *int64        `json:"cpu_weight"`        // share of CPU time where it is short (--cpu-weight); null: the kernel's, 100
	IOWeight        *int64        `json:"io_weight"`         // share of block devices where they are short (--io-weight); null: the kernel's, 100
	IOReadBPS       *string       `json:"io_read_bps"`       // bytes read in a second, as "10M,/dev/sda=5M" (--io-read-bps)
	IOWriteBPS      *string       `json:"io_write_bps"`      // bytes written in a second (--io-write-bps)
	IOReadOps       *string       `json:"io_read_ops"`       // reads in a second (--io-read-ops)
	IOWriteOps      *string       `json:"io_write_ops"`      // writes in a second (--io-write-ops)
	Cores           *string       `json:"cores"`             // how many cores were to be leased, as "2", or the CPUs that it may run on, as "0-1,3" (--cores); null: the caller's
	Group           *string       `json:"group"`             // the group of jails whose limits hold it too (--group)
	PidsAction      policy.Action `json:"pids_action"`       // what a full pids limit does: "errno" or "kill" (--pids-action)
	DiskAction      policy.Action `json:"disk_action"`       // what a full disk does: "errno" or "kill" (--disk-action)
}

// LimitsOf returns the bounds of a resolved policy. In a resolved policy zero
// and policy.Unlimited both mean that there is no bound.
func LimitsOf(l policy.Limits) Limits {
	return Limits{
		CPUNS:           bound(l.CPU),
		WallNS:          bound(l.Wall),
		IdleNS:          bound(l.Idle),
		MemoryBytes:     bound(l.Memory),
		Pids:            bound(l.Pids),
		OutputBytes:     bound(l.Output),
		DiskBytes:       bound(l.Disk),
		Inodes:          bound(l.Inodes),
		FileSizeBytes:   bound(l.FileSize),
		StackBytes:      bound(l.Stack),
		OpenFiles:       bound(l.OpenFiles),
		SwapBytes:       swap(l.Swap),
		MemoryHighBytes: bound(l.MemoryHigh),
		HugeTLB:         named(string(l.HugeTLB)),
		RDMA:            named(string(l.RDMA)),
		CPUMax:          percent(l.CPUMax),
		CPUWeight:       bound(l.CPUWeight),
		IOWeight:        bound(l.IOWeight),
		IOReadBPS:       named(string(l.IOReadBPS)),
		IOWriteBPS:      named(string(l.IOWriteBPS)),
		IOReadOps:       named(string(l.IOReadOps)),
		IOWriteOps:      named(string(l.IOWriteOps)),
		Cores:           named(l.Cores),
		PidsAction:      orErrno(l.PidsAction),
		DiskAction:      orErrno(l.DiskAction),
	}
}

func bound[T ~int64](v T) *int64 {
	if v <= 0 {
		return nil
	}
	return new(int64(v))
}

func swap(s policy.Swap) *int64 {
	if s == policy.Unlimited {
		return nil
	}
	return new(int64(s))
}

func percent(p policy.Percent) *string {
	if p <= 0 {
		return nil
	}
	return new(p.String())
}

func named(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func orErrno(a policy.Action) policy.Action {
	if a == "" {
		return policy.ActionErrno
	}
	return a
}

// Wall returns the time on the clock, or zero when it is not known.
func (u *Usage) Wall() time.Duration { return time.Duration(value(u.WallNS)) }

// CPU returns the CPU time, or zero when it is not known.
func (u *Usage) CPU() time.Duration { return time.Duration(value(u.CPUNS)) }

func value(p *int64) int64 {
	if p == nil {
		return 0
	}
	return *p
}
