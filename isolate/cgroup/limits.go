package cgroup

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Unlimited as a limit of Spec means none.
const Unlimited = -1

// Spec says what a group limits and meters.
type Spec struct {
	Memory int64  // bytes, swap is off then; Unlimited lifts it; zero is refused
	Pids   int64  // tasks at once; Unlimited lifts it; zero is refused
	Cores  string // cpu list as in cpuset(7), "0-1,3"; empty: the caller's
	CPU    bool   // also meter throttling
	IO     bool   // also meter bytes and operations of block devices
}

// check refuses what no program could start under, so that a forgotten field
// is an error and not a surprise.
func (s Spec) check() error {
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

// needs names the controllers without which the spec can't be kept.
func (s Spec) needs(controller string) bool {
	switch controller {
	case "memory":
		return s.Memory != Unlimited
	case "pids":
		return s.Pids != Unlimited
	case "cpuset":
		return s.Cores != ""
	case "cpu":
		return s.CPU
	case "blkio":
		return s.IO
	}
	return false
}

// setting is one value in one file. Where the file is missing the kernel lacks
// the feature: else is set in its place, and the group's notes say so.
type setting struct {
	controller string
	file       string
	value      string
	want       string // what reads back
	optional   bool
	instead    string // file=value to set when an optional file is missing
	note       string
}

// settings turns a spec into files, in the order in which they must be written.
func (s Spec) settings(version int) []setting {
	all := make([]setting, 0, 8)
	if s.Memory != Unlimited {
		all = append(all, memorySettings(version, s.Memory)...)
	}
	if s.Pids != Unlimited {
		v := strconv.FormatInt(s.Pids, 10)
		all = append(all, setting{controller: "pids", file: "pids.max", value: v, want: v})
	}
	if s.Cores != "" {
		want, _ := canonicalCores(s.Cores)
		all = append(all, setting{controller: "cpuset", file: "cpuset.cpus", value: s.Cores, want: want})
	}
	return all
}

// memorySettings: the kernel counts in pages and rounds down. On v1 the sum of
// memory and swap must not be below the memory limit at any time, so it comes
// second; TCP buffers have a counter of their own there.
func memorySettings(version int, limit int64) []setting {
	page := int64(unix.Getpagesize())
	v, want := strconv.FormatInt(limit, 10), strconv.FormatInt(limit/page*page, 10)
	if version == 1 {
		return []setting{
			{controller: "memory", file: "memory.limit_in_bytes", value: v, want: want},
			{controller: "memory", file: "memory.memsw.limit_in_bytes", value: v, want: want, optional: true,
				instead: "memory.swappiness=0", note: "swap is not accounted (swapaccount=0): memory.swappiness is 0 instead"},
			{controller: "memory", file: "memory.kmem.tcp.limit_in_bytes", value: v, want: want, optional: true,
				note: "the kernel can't bound TCP buffers"},
		}
	}
	return []setting{
		{controller: "memory", file: "memory.oom.group", value: "1", want: "1", optional: true,
			note: "the kernel kills one task of the group, not all (before 4.19)"},
		{controller: "memory", file: "memory.swap.max", value: "0", want: "0", optional: true,
			note: "the kernel does not account swap"},
		{controller: "memory", file: "memory.max", value: v, want: want},
	}
}

// canonicalCores writes a cpu list as the kernel prints it: sorted, ranges
// joined.
func canonicalCores(list string) (string, bool) {
	var cpus []int
	for _, part := range strings.Split(list, ",") {
		lo, hi, ranged := strings.Cut(part, "-")
		if !ranged {
			hi = lo
		}
		a, err := strconv.ParseUint(lo, 10, 16)
		b, err2 := strconv.ParseUint(hi, 10, 16)
		if err != nil || err2 != nil || b < a {
			return "", false
		}
		for c := a; c <= b; c++ {
			cpus = append(cpus, int(c))
		}
	}
	slices.Sort(cpus)
	return joinCores(slices.Compact(cpus)), true
}

func joinCores(cpus []int) string {
	var b []byte
	for i := 0; i < len(cpus); {
		j := i
		for j+1 < len(cpus) && cpus[j+1] == cpus[j]+1 {
			j++
		}
		if b != nil {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(cpus[i]), 10)
		if j > i {
			b = strconv.AppendInt(append(b, '-'), int64(cpus[j]), 10)
		}
		i = j + 1
	}
	return string(b)
}
