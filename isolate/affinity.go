package isolate

import (
	"fmt"

	"github.com/jailrun/jail/isolate/cores"
	"github.com/jailrun/jail/policy"
)

// listed gives the CPUs of a list as in cpuset(7). One that the caller may not
// use, or that is offline, is an error: the kernel would drop it silently.
func listed(list string, own cores.Set) (cores.Set, error) {
	s, err := cores.ParseSet(list)
	if err != nil {
		return s, coresError(list, err)
	}
	if no := s.Minus(own); !no.Empty() {
		return s, coresError(list, fmt.Errorf("CPU %s is not among those that jail may use, %s", no, own))
	}
	return s, nil
}

func coresError(list string, err error) error {
	return &LaunchError{Op: "bind to cores " + list, Index: -1, Layer: policy.LayerRlimits, Err: err, Hint: `see "nproc", "taskset -p $$" and /sys/devices/system/cpu/online for what is there`}
}
