package policy

import (
	"strconv"
	"strings"

	"github.com/jailrun/jail/internal/size"
)

// Swap is an amount of swap space in bytes. Its zero value, the default, is no
// swap at all; Unlimited is no bound.
type Swap size.Bytes

// String is the amount as a policy file has it.
func (s Swap) String() string {
	if s == Unlimited {
		return unlimited
	}
	return size.Bytes(s).String()
}

func parseSwap(s string) (Swap, error) {
	if s == unlimited {
		return Unlimited, nil
	}
	n, err := size.Parse(s)
	return Swap(n), err
}

// Percent is a part of one core's time, in hundredths of a per cent: 100% is
// one core, 250% two and a half.
type Percent int64

const percent = 100 // of Percent in one per cent

// String is the share as a policy file has it, "12.5%".
func (p Percent) String() string {
	if p == Unlimited {
		return unlimited
	}
	s := strconv.FormatInt(int64(p)/percent, 10)
	if rest := int64(p) % percent; rest != 0 {
		s += strings.TrimRight("."+strconv.FormatInt(percent+rest, 10)[1:], "0")
	}
	return s + "%"
}

// parsePercent reads "30%", "12.5%" or "unlimited". A number alone is refused:
// to one reader 1.5 is cores, to another per cent.
func parsePercent(s string) (Percent, error) {
	if s == unlimited {
		return Unlimited, nil
	}
	number, has := strings.CutSuffix(s, "%")
	whole, part, _ := strings.Cut(number, ".")
	n, err := strconv.ParseUint(whole, 10, 31)
	m, err2 := strconv.ParseUint((part + "00")[:max(2, len(part))], 10, 31)
	switch {
	case !has && err == nil:
		return 0, fault(s, ErrUnit, "write "+s+"%, of which 100% is one core")
	case err != nil || err2 != nil || len(part) > 2 || number != whole && part == "":
		return 0, fault(s, ErrValue, `write a part of one core's time as 30%, 12.5% or 250%, or "unlimited"`)
	case n == 0 && m == 0:
		return 0, fault(s, ErrZero, "write a part above 0%, or leave it out for no bound")
	}
	return Percent(n*percent + m), nil
}

// The weights that the kernel takes (cgroup-v2.rst, cpu.weight and io.weight).
const mostWeight = 10000

// leastShare is the least bandwidth: the kernel takes no quota below a
// millisecond, of a period of 100 (sched-bwc.rst).
const leastShare = 1 * percent

// possibleShare is possible's part for shares of CPU and of devices.
func (l *limit) possibleShare(in *Limits) error {
	switch l.key {
	case "cpu_max":
		if in.CPUMax > 0 && in.CPUMax < leastShare {
			return fault(in.CPUMax.String(), ErrValue, "the kernel gives a millisecond of each 100 at least: set 1% or more")
		}
	case "cpu_weight":
		return aWeight(in.CPUWeight)
	case "io_weight":
		return aWeight(in.IOWeight)
	case "memory_high":
		return in.slowedFirst()
	case "hugetlb":
		return in.HugeTLB.keys(isPageSize, "write a size of huge pages, as 2M=64M")
	case "rdma":
		return in.RDMA.keys(isRDMA, "write hca_handle=N, hca_object=N or both")
	}
	return nil
}

// slowedFirst refuses a bound above the one that ends the jail.
func (l *Limits) slowedFirst() error {
	most := l.Memory
	if most == 0 {
		most = size.Bytes(limitRow("memory").preset)
	}
	if most > 0 && l.MemoryHigh > most {
		return fault(l.MemoryHigh.String(), ErrContradiction, "memory ends the jail at "+most.String()+", before it would be slowed: set memory_high below it")
	}
	return nil
}

func aWeight(n int64) error {
	if n == Unlimited || n > mostWeight {
		return fault(strconv.FormatInt(n, 10), ErrValue, "set a weight from 1 to "+strconv.Itoa(mostWeight)+"; others have 100")
	}
	return nil
}

func isPageSize(key string) bool {
	n, err := size.Parse(key)
	return key == "" || err == nil && n >= 4*size.KiB && n&(n-1) == 0
}

func isRDMA(key string) bool { return key == "hca_handle" || key == "hca_object" }
