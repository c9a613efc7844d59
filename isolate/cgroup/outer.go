package cgroup

import (
	"os"
	"strconv"
	"strings"
)

// Bound is a limit that somebody has set on a group above all of jail's: it holds
// for every jail, and for what else is there, together. A greater limit of a jail's
// own is taken by the kernel, and never met.
type Bound struct {
	Controller string // by its v1 name: "memory", "pids", "cpu", "cpuset"
	Path       string // the file that says so
	Value      int64  // bytes, tasks, or thousandths of a core; 0 for cpuset
	Cores      string // of cpuset alone: a list, as in cpuset(7)
}

// boundFiles are those in which a limit stands, on v1 and v2.
var boundFiles = [...]struct{ controller, v1, v2 string }{
	{"memory", "memory.limit_in_bytes", "memory.max"},
	{"pids", "pids.max", "pids.max"},
	{"cpu", "cpu.cfs_quota_us", "cpu.max"},
}

// noMemoryLimit is above what any machine has: v1 has a number for "no limit",
// which is the greatest multiple of a page.
const noMemoryLimit = 1 << 62

// Outer gives the least limit of our own group and those above it, as far as they
// are within view: below a container's root they are not. False means that there
// is none. It is one short read for each of these groups.
func (h *Host) Outer(controller string) (Bound, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.outer(controller)
}

// Own gives the limit of our own group alone, as that of a container is, for where
// the way up would take too long: one short read.
func (h *Host) Own(controller string) (Bound, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.find(controller)
	if t == nil || t.fd < 0 {
		return Bound{}, false
	}
	file := boundFile(controller, t.version)
	v, ok := boundIn(t.fd, "", controller, file)
	return Bound{Controller: controller, Path: t.path + "/" + file, Value: v}, ok
}

// OfSet gives the least limit of a set of jails and of those that it is in.
func (h *Host) OfSet(set, controller string) (least Bound, found bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	_ = h.locateAll() // what can't be looked at now is not said
	t := h.find(controller)
	if t == nil || t.fd < 0 || set == "" {
		return least, false
	}
	file, down := boundFile(controller, t.version), ""
	for name := range strings.SplitSeq(set, "/") {
		down += setPrefix + name + "/"
		v, ok := boundIn(t.fd, down, controller, file)
		if ok && (!found || v < least.Value) {
			least, found = Bound{Controller: controller, Path: t.path + "/" + down + file, Value: v}, true
		}
	}
	return least, found
}

// OfSets lists those of every controller.
func (h *Host) OfSets(set string) (all []Bound) {
	for _, f := range boundFiles {
		if b, ok := h.OfSet(set, f.controller); ok {
			all = append(all, b)
		}
	}
	return all
}

// Outers lists those of every controller, for "jail doctor" and "jail explain".
func (h *Host) Outers() (all []Bound) {
	h.mu.Lock()
	defer h.mu.Unlock()
	_ = h.locateAll() // what can't be looked at now is not said
	for _, f := range boundFiles {
		if b, ok := h.outer(f.controller); ok {
			all = append(all, b)
		}
	}
	if b, ok := h.outerCores(); ok {
		all = append(all, b)
	}
	return all
}

func (h *Host) outer(controller string) (least Bound, found bool) {
	t := h.find(controller)
	if t == nil || t.fd < 0 {
		return least, false
	}
	file := boundFile(controller, t.version)
	t.upwards(func(up, path string) {
		v, ok := boundIn(t.fd, up, controller, file)
		if ok && (!found || v < least.Value) {
			least, found = Bound{Controller: controller, Path: path + "/" + file, Value: v}, true
		}
	})
	return least, found
}

func boundFile(controller string, version int) string {
	for _, f := range boundFiles {
		if f.controller == controller && version == 1 {
			return f.v1
		} else if f.controller == controller {
			return f.v2
		}
	}
	return ""
}

// boundIn reads the limit of one group. One that has no such file, as a
// hierarchy's root, has none.
func boundIn(fd int, up, controller, file string) (int64, bool) {
	var buf [64]byte
	b, err := readFile(fd, up+file, buf[:])
	if err != nil {
		return 0, false
	}
	if controller == "cpu" {
		return share(fd, up, strings.Fields(string(b)))
	}
	v, ok := number(b)
	return v, ok && v < noMemoryLimit
}

// share is a bandwidth in thousandths of a core: "QUOTA PERIOD" on v2, where no
// limit is "max"; two files on v1, where it is -1.
func share(fd int, up string, words []string) (int64, bool) {
	var buf [64]byte
	if len(words) == 1 {
		b, err := readFile(fd, up+"cpu.cfs_period_us", buf[:])
		if err != nil {
			return 0, false
		}
		words = append(words, strings.TrimSpace(string(b)))
	}
	if len(words) != 2 {
		return 0, false
	}
	quota, err := strconv.ParseInt(words[0], 10, 64)
	period, err2 := strconv.ParseInt(words[1], 10, 64)
	if err != nil || err2 != nil || quota <= 0 || period <= 0 {
		return 0, false
	}
	return quota * 1000 / period, true
}

// outerCores says it where they are not all that are there. The kernel has the
// intersection of all groups above in one file.
func (h *Host) outerCores() (Bound, bool) {
	t := h.find("cpuset")
	if t == nil || t.fd < 0 {
		return Bound{}, false
	}
	file := "cpuset.cpus.effective"
	if t.version == 1 {
		file = "cpuset.effective_cpus"
	}
	var buf [256]byte
	b, err := readFile(t.fd, file, buf[:])
	all, err2 := os.ReadFile("/sys/devices/system/cpu/online")
	if err != nil || err2 != nil || string(b) == string(all) {
		return Bound{}, false
	}
	return Bound{Controller: "cpuset", Path: t.path + "/" + file, Cores: strings.TrimSpace(string(b))}, true
}

// upwards calls f with the way from our own group to it and to each one above, up
// to the hierarchy's root. Where less of it is mounted there is no such file above.
func (t *tree) upwards(f func(up, path string)) {
	up, path := "", t.path
	for range strings.Count(strings.TrimSuffix(t.rel, "/"), "/") + 1 {
		f(up, path)
		up += "../"
		path = path[:max(strings.LastIndexByte(path, '/'), 0)]
	}
}
