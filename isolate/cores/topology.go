package cores

import (
	"bytes"
	"os"
	"strconv"
)

// sysCPU is where the kernel tells of its CPUs
// (Documentation/ABI/stable/sysfs-devices-system-cpu).
const sysCPU = "/sys/devices/system/cpu"

// topology reads which CPUs share a physical core.
type topology struct{ root string }

// core gives the online CPUs that share a core with one: itself alone where the
// kernel does not tell.
func (t topology) core(cpu int) Set {
	dir := t.root + "/cpu" + strconv.Itoa(cpu) + "/topology/"
	for _, name := range [...]string{"core_cpus_list", "thread_siblings_list"} { // the second before Linux 5.3
		b, err := os.ReadFile(dir + name) // #nosec G304 -- a file of sysfs
		if err != nil {
			continue
		}
		if s, err := ParseSet(string(bytes.TrimSpace(b))); err == nil && s.Has(cpu) {
			return s
		}
	}
	var s Set
	s.add(cpu)
	return s
}

// whole lists the cores all of whose CPUs are in own, ascending by their first.
func (t topology) whole(own Set) []Set {
	var all []Set
	for _, c := range own.CPUs() {
		core := t.core(c)
		if core.first() == c && core.Minus(own).Empty() {
			all = append(all, core)
		}
	}
	return all
}

// Whole counts the physical cores of which all CPUs are in a set.
func Whole(s Set) int { return len(topology{sysCPU}.whole(s)) }
