package cgroup

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Running is a jail with groups of its own, or a set of jails, as they are now. A
// nil figure is one that this host can't tell.
type Running struct {
	Owner  Name   // of the jail: its supervisor; zero for a set
	Set    string // the set that it is a member of, or that it is
	Kept   bool   // a set that stays without members
	Jails  int    // in a set, those of its sets too
	PID    int    // of the jail's oldest process that is seen, 0 for none
	CPU    *time.Duration
	Memory *int64 // bytes
	Pids   *int64
	IO     *IO
	Limits map[string]string // of a set: file and value, those that hold anything
}

// List gives the jails and sets of jails in and below our outer groups, sorted
// by set and age.
func (h *Host) List() (jails, sets []Running, err error) {
	places, done, err := h.everywhere()
	defer done()
	found := map[string]*Running{}
	for _, p := range places {
		if p.err != nil {
			continue
		}
		if p.name != "" {
			s := entry(found, "set "+p.name)
			s.Set = p.name
			s.Kept = s.Kept || p.kept()
			s.look(p.tree, p.fd)
			s.limits(p.tree)
		}
		names, e := p.list()
		if e != nil {
			continue // removed meanwhile
		}
		for _, name := range names {
			n, _ := ParseName(name)
			if n.Seq == 0 {
				continue
			}
			j := entry(found, name)
			j.Owner, j.Set = n, p.name
			j.lookIn(p.tree, name)
		}
	}
	for _, r := range found {
		if r.Owner == (Name{}) {
			sets = append(sets, *r)
		} else {
			jails = append(jails, *r)
		}
	}
	count(jails, sets)
	slices.SortFunc(sets, func(a, b Running) int { return cmp.Compare(a.Set, b.Set) })
	slices.SortFunc(jails, func(a, b Running) int {
		return cmp.Or(cmp.Compare(a.Set, b.Set), cmp.Compare(a.Owner.Start, b.Owner.Start), cmp.Compare(a.Owner.PID, b.Owner.PID), cmp.Compare(a.Owner.Seq, b.Owner.Seq))
	})
	return jails, sets, err
}

func entry(all map[string]*Running, key string) *Running {
	r := all[key]
	if r == nil {
		r = &Running{}
		all[key] = r
	}
	return r
}

// count gives each set the number of jails in it and in the sets in it.
func count(jails, sets []Running) {
	for i := range sets {
		for _, j := range jails {
			if j.Set == sets[i].Set || strings.HasPrefix(j.Set, sets[i].Set+"/") {
				sets[i].Jails++
			}
		}
	}
}

func (r *Running) lookIn(t *tree, name string) {
	fd, err := open(t.fd, name+"/"+leafTarget, unix.O_RDONLY|unix.O_DIRECTORY)
	if err == unix.ENOENT {
		fd, err = open(t.fd, name, unix.O_RDONLY|unix.O_DIRECTORY)
	}
	if err != nil {
		return
	}
	defer unix.Close(fd)
	r.look(t, fd)
}

// look reads what one hierarchy tells of a directory.
func (r *Running) look(t *tree, dir int) {
	var buf [4096]byte
	get := func(f file) []byte {
		names := &files[f]
		if name := names.name(t.version == 2); name != "" && slices.Contains(t.controllers, names.controller) {
			if b, err := readFile(dir, name, buf[:]); err == nil {
				return b
			}
		}
		return nil
	}
	if b := get(fileCPU); b != nil && (r.CPU == nil || t.version == 1) { // beside v1 the v2 tree counts pid 1 too
		if cpu, ok := cpuOf(b, t.version == 2); ok {
			r.CPU = &cpu
		}
	}
	if b := get(fileCurrent); b != nil {
		r.Memory = one(b)
	}
	if b := get(fileIOBytes); b != nil {
		r.IO = ioOf(b, t.version == 2)
		if ops := get(fileIOOps); ops != nil && t.version == 1 {
			r.IO.ReadOps, r.IO.WriteOps = opSum(ops, "Read"), opSum(ops, "Write")
		}
	}
	if b, err := readFile(dir, "pids.current", buf[:]); err == nil {
		r.Pids = one(b)
	}
	if b, err := readFile(dir, "cgroup.procs", buf[:]); err == nil && r.PID == 0 {
		first, _, _ := strings.Cut(string(b), "\n")
		r.PID, _ = strconv.Atoi(first) // none is 0
	}
}

// limits reads what holds a set, by the table of limits.
func (r *Running) limits(t *tree) {
	for i := range rows {
		if rows[i].controller == "cpuset" {
			continue // it is given to jails, not to sets
		}
		for _, file := range rows[i].files(t.version) {
			var buf [1024]byte
			b, err := readFile(t.fd, file, buf[:])
			value := strings.TrimSpace(string(b))
			if err != nil || noLimit(file, value) {
				continue
			}
			if r.Limits == nil {
				r.Limits = map[string]string{}
			}
			r.Limits[file] = value
		}
	}
}

// files are those of a row on one version, huge pages' of each size.
func (r *row) files(version int) (all []string) {
	for name := range strings.SplitSeq(r.on(version), ", ") {
		before, after, ofSize := strings.Cut(name, "*")
		switch {
		case name == "":
		case ofSize:
			for _, size := range hugeSizes() {
				all = append(all, before+sizeName(size)+after)
			}
		default:
			all = append(all, name)
		}
	}
	return all
}

// noLimit knows the values of a directory that nobody has limited. On v1 that of
// memory is the largest multiple of a page.
func noLimit(file, value string) bool {
	if n, err := strconv.ParseInt(value, 10, 64); err == nil && n >= noMemoryLimit {
		return true
	}
	if file == "rdma.max" {
		return strings.Count(value, "=") == strings.Count(value, "=max")
	}
	switch value {
	case "", "max", "-1", "max 100000", "default 100":
		return true
	case "100":
		return file == "cpu.weight" || strings.HasSuffix(file, "bfq.weight")
	case "1024":
		return file == "cpu.shares"
	case "0":
		return file == "memory.oom.group"
	}
	return false
}
