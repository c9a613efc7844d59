package cgroup

import "time"

// Usage is what a group has used since it was made. A nil field is one that
// this host can't tell.
type Usage struct {
	CPU    *time.Duration // on a core: all tasks, dead ones too
	User   *time.Duration // of CPU; sampled by the tick where the kernel does not account precisely
	System *time.Duration

	CPUSource string // the file: "cpuacct.usage", "cpu.stat"

	Memory    Memory
	PidsPeak  *int64 // most tasks at once
	PidsAtMax *int64 // forks refused by pids.max
	IO        *IO
	Throttled *Throttled
}

// Memory is the memory part of Usage, in bytes. Anon to Swap are
// what is charged at the moment of the read: when all tasks are gone Anon is
// about zero, and page cache and tmpfs are left. The kernel may sum memory.stat
// up to two seconds late (cgroup/rstat), so they are a hint and no limit.
type Memory struct {
	Peak       *int64 // most at once, page cache and shared memory counted
	PeakSource string // the file: "memory.max_usage_in_bytes", "memory.peak", "memory.current (sampled)"
	SwapPeak   *int64 // most swap at once; v2 only
	PlusSwap   *int64 // most memory and swap together; v1 only
	Anon       *int64 // private pages
	File       *int64 // page cache of files, without shared memory
	Shmem      *int64 // tmpfs, memfd, SysV and MAP_SHARED anonymous
	Kernel     *int64 // slab, page tables, stacks and what else the kernel holds for it; on v2 sockets too
	Sockets    *int64 // network buffers; on v1 those of TCP only
	Swap       *int64
	OOMKills   *int64 // tasks that the kernel killed
	AtLimit    *int64 // times that a charge met the limit and pages had to be reclaimed: no verdict
}

// IO is block device traffic: what the page cache serves is not in it.
type IO struct{ ReadBytes, WriteBytes, ReadOps, WriteOps int64 }

// Throttled is how CPU bandwidth control held the group back.
type Throttled struct {
	Periods, Times int64
	Total          time.Duration
}

// Usage reads all counters: one read each, of kept descriptors after the first
// time. It fails only when the group is closed; what can't be read is nil.
func (g *Group) Usage() (Usage, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var u Usage
	if g.closed {
		return u, &Error{Op: "read usage of", Path: g.name, Err: ErrClosed}
	}
	if g.buf == nil {
		g.buf = make([]byte, 8<<10) // memory.stat has some fifty lines
	}
	g.cpuUsage(&u, g.buf)
	g.memoryUsage(&u.Memory, g.buf)
	g.memoryEvents(&u.Memory, g.buf)
	g.pidsUsage(&u, g.buf)
	g.ioUsage(&u, g.buf)
	return u, nil
}

func (g *Group) cpuUsage(u *Usage, buf []byte) {
	b, v2, err := g.read(fileCPU, buf)
	if err != nil {
		return
	}
	if v2 {
		u.CPUSource = files[fileCPU].v2
		u.CPU = span(b, "usage_usec", time.Microsecond)
		u.User = span(b, "user_usec", time.Microsecond)
		u.System = span(b, "system_usec", time.Microsecond)
		u.Throttled = throttled(b, "throttled_usec", time.Microsecond)
		return
	}
	u.CPUSource = files[fileCPU].v1
	u.CPU = nanoseconds(b)
	if b, _, err := g.read(fileUser, buf); err == nil {
		u.User = nanoseconds(b)
	}
	if b, _, err := g.read(fileSystem, buf); err == nil {
		u.System = nanoseconds(b)
	}
	if b, v2, err := g.read(fileThrottle, buf); err == nil && !v2 {
		u.Throttled = throttled(b, "throttled_time", time.Nanosecond)
	}
}

func (g *Group) memoryUsage(m *Memory, buf []byte) {
	if b, v2, err := g.read(filePeak, buf); err == nil {
		m.Peak = one(b)
		m.PeakSource = files[filePeak].name(v2)
	} else if g.sample() == nil {
		m.Peak = new(g.peak)
		m.PeakSource = "memory.current (sampled)"
	}
	if b, _, err := g.read(filePlusSwap, buf); err == nil {
		m.PlusSwap = one(b)
	}
	if b, _, err := g.read(fileSwapPeak, buf); err == nil {
		m.SwapPeak = one(b)
	}
	g.memorySplit(m, buf)
}

func (g *Group) memorySplit(m *Memory, buf []byte) {
	if b, _, err := g.read(fileKernel, buf); err == nil {
		m.Kernel = one(b)
	}
	if b, _, err := g.read(fileTCP, buf); err == nil {
		m.Sockets = one(b)
	}
	b, v2, err := g.read(fileMemStat, buf)
	if err != nil {
		return
	}
	keys := [...]string{"total_rss", "total_cache", "total_shmem", "total_swap"}
	if v2 {
		keys = [...]string{"anon", "file", "shmem", ""}
		m.Kernel, m.Sockets = value(b, "kernel"), value(b, "sock")
	}
	m.Anon, m.File, m.Shmem, m.Swap = value(b, keys[0]), value(b, keys[1]), value(b, keys[2]), value(b, keys[3])
	if m.File != nil && m.Shmem != nil { // the kernel counts shared memory as file pages too
		*m.File = max(0, *m.File-*m.Shmem)
	}
}

func (g *Group) memoryEvents(m *Memory, buf []byte) {
	b, v2, err := g.read(fileOOM, buf)
	if err != nil {
		return
	}
	m.OOMKills = value(b, "oom_kill")
	if v2 {
		m.AtLimit = value(b, "max")
		return
	}
	if b, _, err := g.read(fileAtLimit, buf); err == nil {
		m.AtLimit = one(b)
	}
	if b, _, err := g.read(fileSwapAtLimit, buf); err == nil && m.AtLimit != nil {
		n, _ := number(b)
		*m.AtLimit += n
	}
	if m.AtLimit != nil && *m.AtLimit == 0 && m.OOMKills != nil && *m.OOMKills > 0 {
		m.AtLimit = nil // it killed at the limit and counted nothing: newer kernels keep no count on v1
	}
}

func (g *Group) pidsUsage(u *Usage, buf []byte) {
	if b, _, err := g.read(filePidsPeak, buf); err == nil {
		u.PidsPeak = one(b)
	}
	if b, _, err := g.read(filePidsEvents, buf); err == nil {
		u.PidsAtMax = value(b, "max")
	}
}

func (g *Group) ioUsage(u *Usage, buf []byte) {
	b, v2, err := g.read(fileIOBytes, buf)
	if err != nil {
		return
	}
	u.IO = ioOf(b, v2)
	if b, _, err := g.read(fileIOOps, buf); err == nil {
		u.IO.ReadOps, u.IO.WriteOps = opSum(b, "Read"), opSum(b, "Write")
	}
}

// ioOf reads what one file tells: on v1 operations are in another.
func ioOf(b []byte, v2 bool) *IO {
	if v2 {
		return &IO{pairSum(b, "rbytes"), pairSum(b, "wbytes"), pairSum(b, "rios"), pairSum(b, "wios")}
	}
	return &IO{ReadBytes: opSum(b, "Read"), WriteBytes: opSum(b, "Write")}
}

func one(b []byte) *int64 {
	if v, ok := number(b); ok {
		return &v
	}
	return nil
}

func value(b []byte, key string) *int64 {
	if v, ok := field(b, key); ok {
		return &v
	}
	return nil
}

func nanoseconds(b []byte) *time.Duration {
	if v, ok := number(b); ok {
		return new(time.Duration(v))
	}
	return nil
}

func span(b []byte, key string, unit time.Duration) *time.Duration {
	if v, ok := field(b, key); ok {
		return new(time.Duration(v) * unit)
	}
	return nil
}

func throttled(b []byte, key string, unit time.Duration) *Throttled {
	total := span(b, key, unit)
	if total == nil {
		return nil
	}
	periods, _ := field(b, "nr_periods")
	times, _ := field(b, "nr_throttled")
	return &Throttled{periods, times, *total}
}
