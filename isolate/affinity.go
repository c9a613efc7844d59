package isolate

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

const maxCPU = 1024

// affinity makes a CPU mask of a list as in cpuset(7), or nil of an empty one.
// A core that the caller may not use is an error: the kernel would drop it
// silently.
func affinity(list string) ([]byte, error) {
	if list == "" {
		return nil, nil
	}
	var own unix.CPUSet
	if err := unix.SchedGetaffinity(0, &own); err != nil {
		return nil, &LaunchError{Op: "bind to cores", Index: -1, Err: err}
	}
	mask := make([]byte, maxCPU/8)
	for part := range strings.SplitSeq(list, ",") {
		lo, hi, err := cpuRange(part)
		if err != nil {
			return nil, coresError(list, err)
		}
		for c := lo; c <= hi; c++ {
			if !own.IsSet(c) {
				return nil, coresError(list, fmt.Errorf("core %d is not among those that jail may use", c))
			}
			mask[c/8] |= 1 << (c % 8)
		}
	}
	return mask, nil
}

func coresError(list string, err error) error {
	return &LaunchError{Op: "bind to cores " + list, Index: -1, Layer: policy.LayerRlimits, Err: err, Hint: `see "nproc" and "taskset -p $$" for what is there`}
}

func cpuRange(s string) (lo, hi int, err error) {
	a, b, ranged := strings.Cut(strings.TrimSpace(s), "-")
	if lo, err = strconv.Atoi(a); err != nil {
		return 0, 0, err
	}
	hi = lo
	if ranged {
		if hi, err = strconv.Atoi(b); err != nil {
			return 0, 0, err
		}
	}
	if lo < 0 || hi < lo || hi >= maxCPU {
		return 0, 0, fmt.Errorf("%q is no range of cores", s)
	}
	return lo, hi, nil
}
