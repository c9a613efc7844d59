package cgroup

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// CPU is the time on a core of all tasks that were ever in the group: one read
// of a kept descriptor. It may lag by a tick for a task that runs right now.
func (g *Group) CPU() (time.Duration, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var buf [1024]byte
	b, v2, err := g.read(fileCPU, buf[:])
	if err != nil {
		return 0, err
	}
	cpu, ok := cpuOf(b, v2)
	if !ok {
		return 0, fail("read", g.name+"/"+files[fileCPU].name(v2), ErrNoFigure)
	}
	return cpu, nil
}

func cpuOf(b []byte, v2 bool) (time.Duration, bool) {
	if v2 {
		us, ok := field(b, "usage_usec")
		return time.Duration(us) * time.Microsecond, ok
	}
	ns, ok := number(b)
	return time.Duration(ns), ok
}

// OOMKills is how many tasks of the group the kernel killed for memory.
func (g *Group) OOMKills() (int64, error) {
	return g.counter(fileOOM, "oom_kill")
}

// PidsAtMax is how many forks pids.max refused.
func (g *Group) PidsAtMax() (int64, error) {
	return g.counter(filePidsEvents, "max")
}

func (g *Group) counter(f file, key string) (int64, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var buf [1024]byte
	b, _, err := g.read(f, buf[:])
	if err != nil {
		return 0, err
	}
	v, _ := field(b, key)
	return v, nil
}

// KeepsPeak says whether the kernel keeps the highest memory use itself.
func (g *Group) KeepsPeak() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, err := g.opened(filePeak)
	return err == nil
}

// SamplePeak notes the present memory use where the kernel keeps no peak (v2
// before 5.19). Elsewhere it does nothing.
func (g *Group) SamplePeak() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, err := g.opened(filePeak); err != unix.ENOENT {
		return err
	}
	return g.sample()
}

func (g *Group) sample() error {
	var buf [64]byte
	b, _, err := g.read(fileCurrent, buf[:])
	if err != nil {
		return err
	}
	if v, ok := number(b); ok {
		g.peak = max(g.peak, v)
	}
	return nil
}

// file is something that is read, whatever it is called on v1 and v2.
type file int

const (
	fileCPU file = iota
	fileUser
	fileSystem
	fileThrottle
	filePeak
	fileCurrent
	filePlusSwap
	fileSwapPeak
	fileMemStat
	fileKernel
	fileTCP
	fileOOM
	fileAtLimit
	fileSwapAtLimit
	filePidsPeak
	filePidsEvents
	fileIOBytes
	fileIOOps
	fileCount
)

// fileNames: an empty name means that this version has no such file of its own.
type fileNames struct{ controller, v1, v2 string }

var files = [fileCount]fileNames{
	fileCPU:      {"cpuacct", "cpuacct.usage", "cpu.stat"},
	fileUser:     {"cpuacct", "cpuacct.usage_user", ""},
	fileSystem:   {"cpuacct", "cpuacct.usage_sys", ""},
	fileThrottle: {"cpu", "cpu.stat", "cpu.stat"},
	filePeak:     {"memory", "memory.max_usage_in_bytes", "memory.peak"},
	fileCurrent:  {"memory", "memory.usage_in_bytes", "memory.current"},
	filePlusSwap: {"memory", "memory.memsw.max_usage_in_bytes", ""},
	fileSwapPeak: {"memory", "", "memory.swap.peak"},
	fileMemStat:  {"memory", "memory.stat", "memory.stat"},
	fileKernel:   {"memory", "memory.kmem.usage_in_bytes", ""},
	fileTCP:      {"memory", "memory.kmem.tcp.usage_in_bytes", ""},
	fileOOM:      {"memory", "memory.oom_control", "memory.events"},
	fileAtLimit:  {"memory", "memory.failcnt", "memory.events"},
	// With swap off the sum of memory and swap is charged first, and it is there
	// that a charge fails.
	fileSwapAtLimit: {"memory", "memory.memsw.failcnt", ""},
	filePidsPeak:    {"pids", "pids.peak", "pids.peak"},
	filePidsEvents:  {"pids", "pids.events", "pids.events"},
	fileIOBytes:     {"blkio", "blkio.throttle.io_service_bytes_recursive", "io.stat"},
	fileIOOps:       {"blkio", "blkio.throttle.io_serviced_recursive", ""},
}

// deciders are the counters by which a jail is ended.
var deciders = [...]file{fileCPU, filePidsEvents, fileOOM}

// keepDeciders opens them before anything runs: a supervisor that has run out
// of descriptors meanwhile must not lose the limits that it watches.
func (g *Group) keepDeciders() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, f := range deciders {
		if _, err := g.opened(f); err != nil && err != unix.ENOENT {
			p := g.partOf(files[f].controller)
			return fail("open", p.path(g.name)+"/"+files[f].name(p.tree.version == 2), err)
		}
	}
	return nil
}

// Absent reports whether an error says that this host has no such counter, and
// not only that it could not be read now.
func Absent(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, ErrNoController)
}

// read reads one of the files from its beginning.
func (g *Group) read(f file, buf []byte) (b []byte, v2 bool, err error) {
	p := g.partOf(files[f].controller)
	if p == nil {
		return nil, false, &Error{Op: "read " + files[f].v2 + " of", Path: g.name, Err: ErrNoController, Hint: hintMissing}
	}
	v2 = p.tree.version == 2
	fd, err := g.opened(f)
	if err == nil {
		if b, err = readAt(fd, buf); err == nil {
			return b, v2, nil
		}
	}
	return nil, v2, fail("read", p.path(g.name)+"/"+files[f].name(v2), err)
}

func (f *fileNames) name(v2 bool) string {
	if v2 {
		return f.v2
	}
	return f.v1
}

// What is known of a file that has no kept descriptor: zero is one.
const (
	unopened = -1
	absent   = -2
)

// opened gives a file's descriptor, which stays, and opens it at its first use.
// Only what the kernel does not have is remembered as absent: a descriptor that
// could not be had now can be at the next look.
func (g *Group) opened(f file) (int, error) {
	switch {
	case g.closed:
		return -1, ErrClosed
	case g.reads[f] >= 0:
		return g.reads[f], nil
	case g.reads[f] == absent:
		return -1, unix.ENOENT
	}
	p := g.partOf(files[f].controller)
	if p == nil || files[f].name(p.tree.version == 2) == "" {
		g.reads[f] = absent
		return -1, unix.ENOENT
	}
	fd, err := open(p.leaf, files[f].name(p.tree.version == 2), unix.O_RDONLY)
	switch err {
	case nil:
		g.reads[f] = fd
	case unix.ENOENT:
		g.reads[f] = absent
	}
	return fd, err
}
