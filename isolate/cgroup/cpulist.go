package cgroup

import (
	"slices"
	"strconv"
	"strings"
)

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
