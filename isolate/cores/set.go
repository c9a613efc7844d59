package cores

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// MaxCPU bounds the numbers of CPUs, as the affinity calls of x/sys do.
const MaxCPU = 1024

// Set is a set of CPUs by their numbers. The zero value is empty.
type Set [MaxCPU / 64]uint64

var errRange = errors.New("no range of CPUs")

// ParseSet reads a list as in cpuset(7), FORMATS: "0-1,3". Empty gives an empty
// set.
func ParseSet(list string) (s Set, err error) {
	list = strings.TrimSpace(list)
	if list == "" {
		return s, nil
	}
	for part := range strings.SplitSeq(list, ",") {
		a, b, ranged := strings.Cut(part, "-")
		if !ranged {
			b = a
		}
		lo, e1 := strconv.Atoi(a)
		hi, e2 := strconv.Atoi(b)
		if e1 != nil || e2 != nil || lo < 0 || hi < lo || hi >= MaxCPU {
			return Set{}, fmt.Errorf("%q is %w", part, errRange)
		}
		for c := lo; c <= hi; c++ {
			s.add(c)
		}
	}
	return s, nil
}

// Own gives the CPUs that this thread may run on, sched_getaffinity(2). What a
// cpuset around it forbids is not among them.
func Own() (s Set, err error) {
	var own unix.CPUSet
	if err := unix.SchedGetaffinity(0, &own); err != nil {
		return s, &Error{Op: "ask for", Object: "our own CPUs", Err: err}
	}
	for c := range MaxCPU {
		if own.IsSet(c) {
			s.add(c)
		}
	}
	return s, nil
}

func (s *Set) add(cpu int) { s[cpu/64] |= 1 << (cpu % 64) }

// Has says whether a CPU is in the set.
func (s Set) Has(cpu int) bool { return cpu >= 0 && cpu < MaxCPU && s[cpu/64]&(1<<(cpu%64)) != 0 }

// Empty says whether there is none.
func (s Set) Empty() bool { return s == Set{} }

// Count is how many there are.
func (s Set) Count() (n int) {
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// Minus gives those that are not in the other.
func (s Set) Minus(other Set) Set {
	for i := range s {
		s[i] &^= other[i]
	}
	return s
}

// Plus gives those of both.
func (s Set) Plus(other Set) Set {
	for i := range s {
		s[i] |= other[i]
	}
	return s
}

// first is the lowest number, -1 of an empty set.
func (s Set) first() int {
	for i, w := range s {
		if w != 0 {
			return i*64 + bits.TrailingZeros64(w)
		}
	}
	return -1
}

// last is the highest number, -1 of an empty set.
func (s Set) last() int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] != 0 {
			return i*64 + 63 - bits.LeadingZeros64(s[i])
		}
	}
	return -1
}

// CPUs lists the numbers, ascending.
func (s Set) CPUs() []int {
	var all []int
	for c := range s.last() + 1 {
		if s.Has(c) {
			all = append(all, c)
		}
	}
	return all
}

// String writes the list as the kernel does: "0-1,3".
func (s Set) String() string {
	var b []byte
	for c, last := 0, s.last(); c <= last; c++ {
		if !s.Has(c) {
			continue
		}
		from := c
		for s.Has(c + 1) {
			c++
		}
		if b != nil {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(from), 10)
		if c > from {
			b = strconv.AppendInt(append(b, '-'), int64(c), 10)
		}
	}
	return string(b)
}

// Mask is the set as sched_setaffinity(2) takes it.
func (s Set) Mask() []byte {
	mask := make([]byte, MaxCPU/8)
	for _, c := range s.CPUs() {
		mask[c/8] |= 1 << (c % 8)
	}
	return mask
}

// Bind binds a thread to the set, sched_setaffinity(2).
func (s Set) Bind(tid int) error {
	var set unix.CPUSet
	for _, c := range s.CPUs() {
		set.Set(c)
	}
	return unix.SchedSetaffinity(tid, &set)
}
