package cgroup

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// Unlimited as a limit of Spec means none.
const Unlimited = -1

// Spec says what a group limits and meters.
type Spec struct {
	Memory     int64    // bytes; Unlimited lifts it; zero is refused
	Swap       int64    // bytes of swap beside Memory; zero is none; Unlimited lifts it
	MemoryHigh int64    // bytes above which tasks are slowed and their memory reclaimed; zero: none
	HugeTLB    []Pages  // bounds of huge pages; nil: not limited, and not metered
	RDMA       []Object // bounds for each RDMA device; nil: not limited
	Pids       int64    // tasks at once; Unlimited lifts it; zero is refused
	CPUMax     int64    // bandwidth in hundredths of a per cent of one core, 10000 being one; zero: none
	CPUWeight  int64    // share of CPU time where it is short, 1 to 10000; zero: the kernel's, which is 100
	IOWeight   int64    // share of block devices where they are short, 1 to 10000; zero: the kernel's, which is 100
	Rates      []Rate   // bounds of traffic with block devices
	Cores      string   // cpu list as in cpuset(7), "0-1,3"; empty: the caller's
	Set        string   // the set of jails of which the group is a member, "web/api"; empty: none
	CPU        bool     // also meter throttling, where it can be had
	IO         bool     // also meter bytes and operations of block devices, where it can be had

	partial bool // of a set: what is not named stays
}

// Pages bounds the huge pages of one size.
type Pages struct {
	Size  int64 // of a page, bytes; zero: of every size that has no bound of its own
	Limit int64 // bytes; Unlimited lifts it
}

// Object bounds one kind of RDMA objects, of each device.
type Object struct {
	Name  string // "hca_handle" or "hca_object" (cgroup-v2.rst, RDMA)
	Limit int64  // Unlimited lifts it
}

// Rate bounds the traffic with one block device, each a second. Zero and
// Unlimited are no bound.
type Rate struct {
	Device            string // "8:0": a whole disk, as io.max wants it
	ReadBPS, WriteBPS int64  // bytes
	ReadOps, WriteOps int64  // operations
}

// check refuses what no program could start under, so that a forgotten field
// is an error and not a surprise.
func (s *Spec) check() error {
	for _, l := range [...]struct {
		name  string
		value int64
	}{{"memory", s.Memory}, {"pids", s.Pids}} {
		if l.value == 0 || l.value < Unlimited {
			return &Error{Op: "limit", Path: l.name, Err: unix.EINVAL, Hint: "give a positive number, or -1 for no limit"}
		}
	}
	if s.Cores == "" {
		return nil
	}
	if _, ok := canonicalCores(s.Cores); !ok {
		return &Error{Op: "limit", Path: "cores " + strconv.Quote(s.Cores), Err: unix.EINVAL, Hint: `write a list such as "0-1,3"`}
	}
	return nil
}

// wants says whether a controller is of use to the spec.
func (s *Spec) wants(controller string) bool {
	return controller == "cpu" && s.CPU || controller == "blkio" && s.IO || s.needs(controller)
}

// needs says whether the spec can't be kept without a controller.
func (s *Spec) needs(controller string) bool {
	for i := range rows {
		if rows[i].controller == controller && rows[i].asked(s) {
			return true
		}
	}
	return false
}

// setting is one value in one file. Where the file is missing the kernel lacks
// the feature: else is set in its place, and the group's notes say so.
type setting struct {
	row      *row
	file     string
	value    string
	want     string // what reads back
	keyed    bool   // want is one line of several
	optional bool
	instead  string // file=value to set when an optional file is missing
	note     string
}

// settings turns a spec into files, in the order in which they must be written.
func (s *Spec) settings(version int) []setting {
	all := make([]setting, 0, 8)
	for i := range rows {
		r := &rows[i]
		if !r.asked(s) || r.on(version) == "" {
			continue
		}
		for _, set := range r.settings(s, version) {
			set.row = r
			if set.file == "" {
				set.file = r.on(version)
			}
			all = append(all, set)
		}
	}
	return all
}

func equal(v int64) []setting {
	text := strconv.FormatInt(v, 10)
	return []setting{{value: text, want: text}}
}
