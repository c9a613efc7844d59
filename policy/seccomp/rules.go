// Package seccomp holds the system calls that a jailed program may make: as a
// table with a reason for every row, as a direct reading of that table, and as
// the classic BPF program that the kernel runs.
//
// Everything is for the architecture that it is built for, x86-64 or arm64. The
// three forms are proved equal by exhaustive and fuzzed comparison, and on x86-64
// against libseccomp.
package seccomp

// Rules are a whole filter. A call is decided in this order:
//
//  1. another architecture, such as a 32-bit one: Foreign
//  2. number -1: ENOSYS, since a tracer uses it to skip a call; on x86-64 any
//     other number from 0x40000000 up (x32): Foreign
//  3. the call's Checks, in order; the first that holds
//  4. the Answer of the call's group
//  5. Default
type Rules struct {
	Groups  []Group
	Checks  []Check
	Default Action
	Foreign Action
}

// Group is a set of calls that share a reason and an answer. A call is in one
// group at most.
type Group struct {
	Name   string
	Why    string
	Fix    string // what a user can do when the group is refused; may be empty
	Answer Action
	Fixed  bool // no mode of the listener may ever let the group pass
	Calls  []string
}

// Check is an answer for a call whose arguments meet all of When. An empty When
// always holds.
type Check struct {
	Call   string
	When   []Arg
	Words  string // When for a reader: "request is TIOCSTI"
	Why    string
	Fix    string
	Answer Action
	Fixed  bool // as in Group
}

// Arg is a condition on one argument: argument Index under Mask is one of
// Values or, with Not, none of them.
type Arg struct {
	Index  int // 0 to 5
	Mask   uint64
	Values []uint64
	Not    bool
}

// Masks for whole arguments.
const (
	// Low32 is for what the kernel declares as int or unsigned int: it ignores
	// the upper half, so a filter that looks at it can be fooled (CVE-2019-10063).
	Low32 uint64 = 1<<32 - 1
	// Whole is for what the kernel compares as a long or a pointer.
	Whole uint64 = 1<<64 - 1
)

func (a Arg) holds(args [6]uint64) bool {
	for _, v := range a.Values {
		if args[a.Index]&a.Mask == v {
			return !a.Not
		}
	}
	return a.Not
}

func (c *Check) holds(args [6]uint64) bool {
	for _, a := range c.When {
		if !a.holds(args) {
			return false
		}
	}
	return true
}
