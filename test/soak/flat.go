package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/jailrun/jail/test/census"
)

// look is what is counted after so many runs.
//
// The lists (processes, mounts, control groups, network namespaces, System V
// objects, descriptors, files) are flat if each is what it was at the start,
// entry by entry. Memory is flat if the least that was used in the last third of
// the runs is not more than a bound above the least of the middle third: the
// least, because other programs on the host only add to the kernel's.
type look struct {
	done    int
	at      time.Duration
	counts  []int
	rss     int64 // of this process, KiB
	threads int64
	slab    int64 // of the whole host, KiB, what can't be reclaimed
	percpu  int64 // of the whole host, KiB
	nodes   int64 // of the whole host: files and folders of cgroupfs and the like that the kernel keeps
}

// column is a count that is printed.
type column struct{ head, kind string }

// columns are all of them: the control groups are those of each hierarchy.
func columns() []column {
	list := []column{
		{"processes", "processes"}, {"mounts", "mounts"}, {"netns", "network namespaces"}, {"shm", "shared memory"},
		{"sem", "semaphores"}, {"msg", "message queues"}, {"fds", "descriptors"},
	}
	for _, c := range census.Hierarchies() {
		list = append(list, column{c, "groups of " + c})
	}
	return list
}

// The bounds of memory, KiB, and of kernfs nodes. The kernel's are wide, as it is
// shared with all that runs on the host: over the third of 100,000 runs they are 1 KiB a run, where a
// network namespace that is left is some 10 KiB.
const (
	boundRSS    = 2 << 10
	boundSlab   = 32 << 10
	boundPerCPU = 8 << 10
	boundNodes  = 50000
)

func (h *soak) look(done int, l census.List) look {
	k := look{done: done, at: time.Since(h.begun)}
	debug.FreeOSMemory() // what is garbage is no leak
	for _, c := range h.columns {
		k.counts = append(k.counts, len(l[c.kind]))
	}
	status := numbers("/proc/self/status")
	host := numbers("/proc/meminfo")
	k.rss, k.threads, k.slab, k.percpu = status["VmRSS"], status["Threads"], host["SUnreclaim"], host["Percpu"]
	k.nodes = kernfsNodes()
	if done == 0 && (k.slab == 0 || k.nodes == 0) {
		fmt.Println("the kernel's slab can't be read here: it is not looked at")
	}
	return k
}

// kernfsNodes reads slabinfo(5): objects in use.
func kernfsNodes() int64 {
	b, _ := os.ReadFile("/proc/slabinfo")
	_, rest, _ := strings.Cut(string(b), "\nkernfs_node_cache ")
	if f := strings.Fields(rest); len(f) > 0 {
		n, _ := strconv.ParseInt(f[0], 10, 64)
		return n
	}
	return 0
}

// numbers reads a file of "Name: number" lines.
func numbers(path string) map[string]int64 {
	b, _ := os.ReadFile(path) // what is missing is zero, and never grows
	all := map[string]int64{}
	for line := range bytes.Lines(b) {
		name, rest, _ := strings.Cut(string(line), ":")
		if f := strings.Fields(rest); len(f) > 0 {
			all[name], _ = strconv.ParseInt(f[0], 10, 64)
		}
	}
	return all
}

// print prints a line of the table, before the first its head.
func (h *soak) print(k look) {
	if k.done == 0 {
		fmt.Printf("%8s %6s", "runs", "time")
		for _, c := range h.columns {
			fmt.Printf("%*s", len(c.head)+2, c.head)
		}
		fmt.Printf("  threads  RSS KiB  slab KiB  percpu KiB   kernfs\n")
	}
	fmt.Printf("%8d %5.0fs", k.done, k.at.Seconds())
	for i, n := range k.counts {
		fmt.Printf("%*d", len(h.columns[i].head)+2, n)
	}
	fmt.Printf("%9d%9d%10d%12d%9d\n", k.threads, k.rss, k.slab, k.percpu, k.nodes)
}

// flat says what of memory has grown.
func flat(looked []look) error {
	third := len(looked) / 3
	if third == 0 {
		return errors.New("too few looks were taken to tell what grows")
	}
	middle, last := looked[third:2*third], looked[len(looked)-third:]
	var errs error
	for _, m := range []struct {
		what  string
		of    func(look) int64
		bound int64
	}{
		{"KiB of the library's resident memory", func(k look) int64 { return k.rss }, boundRSS},
		{"KiB of the kernel's slab (SUnreclaim)", func(k look) int64 { return k.slab }, boundSlab},
		{"KiB of the kernel's memory for each CPU (Percpu)", func(k look) int64 { return k.percpu }, boundPerCPU},
		{"nodes of cgroupfs and the like that the kernel keeps", func(k look) int64 { return k.nodes }, boundNodes},
	} {
		grown := least(last, m.of) - least(middle, m.of)
		fmt.Printf("%+8d %s, last third over the middle one; at most %d\n", grown, m.what, m.bound)
		if grown > m.bound {
			errs = errors.Join(errs, fmt.Errorf("%d %s more, at most %d would be flat", grown, m.what, m.bound))
		}
	}
	return errs
}

func least(list []look, of func(look) int64) int64 {
	n := of(list[0])
	for _, k := range list {
		n = min(n, of(k))
	}
	return n
}
