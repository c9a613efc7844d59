package seccomp

import (
	"slices"
	"strconv"
	"strings"
)

// MaxKnown is the highest call number that has a name here. What a newer
// kernel adds above it is refused with ENOSYS by every filter of this package.
const MaxKnown = len(names) - 1

// Name is the call with number nr. A number without a name gives
// "syscall_NR", which no rule can use.
func Name(nr int) string {
	if n := known(nr); n != "" {
		return n
	}
	return "syscall_" + strconv.Itoa(nr)
}

// Number is the number of the named call.
func Number(name string) (nr int, ok bool) {
	i, ok := slices.BinarySearchFunc(byName[:], name, func(nr uint16, name string) int {
		return strings.Compare(names[nr], name)
	})
	if !ok {
		return 0, false
	}
	return int(byName[i]), true
}

func known(nr int) string {
	if nr < 0 || nr > MaxKnown {
		return ""
	}
	return names[nr]
}
