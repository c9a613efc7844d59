// Package tape holds the language in which a launch is written down: a list
// of system calls with operands, to be played by the stage, which decides
// nothing. An Op names the call, its six arguments, where the result goes, and
// which op comes next for a negative, a zero and a positive result.
//
// All pointers on a tape are absolute addresses in an image that is laid out
// here, so that nothing has to be relocated.
package tape

// Label names a place on the tape.
type Label int32

// Labels that every tape has.
const (
	Next Label = -1 - iota // the op that follows
	Fail                   // the error path of the process that plays: Builder.OnFail
)

// Addr is an absolute address in the image, or zero.
type Addr uint64

// Op is one system call of the tape.
type Op struct {
	Call uint64    // its number on this architecture
	Args [6]uint64 // immediate values, or addresses of words where Load says so
	Load uint8     // bit i: argument i is the word at the address Args[i]
	Dst  Addr      // where the result is stored, eight bytes; zero: nowhere of interest
	Neg  Label     // where to go on a negative result; the zero value is the first op, so builders set it
	Zero Label
	Pos  Label

	Step  string // what the op does, for errors and explain: "mount /proc"
	Why   string // the reason, printed by explain
	Layer string // the policy layer that it belongs to, or ""
	Proc  Proc   // who plays it
}

// Proc is the process that plays an op.
type Proc uint8

// The processes of a launch, in the order in which they come to life.
const (
	Stage  Proc = iota // started by the supervisor; clones init and exits
	Init               // PID 1 of the jail
	Target             // becomes the program
)

func (p Proc) String() string { return [...]string{"stage", "init", "target"}[p] }

// Image layout. Each region is a segment of the ELF file: code and ops can't
// be written, data can't be executed.
const (
	CodeBase = 0x1000_0000
	OpsBase  = 0x2000_0000 // ops, then constants; read-only
	DataBase = 0x3000_0000 // the error cell, then variables
	ArgsBase = 0x4000_0000 // argument vector and environment; grows
)

// The error cell: the player stores the address of the op that failed and its
// result behind a tag, so that the three words can be sent as one message.
const (
	ErrTag  Addr = DataBase
	ErrOp   Addr = DataBase + 8
	ErrWord Addr = DataBase + 16

	firstVar = 64
	opSize   = 96
)

// OpAt gives the index of the op whose address the error cell holds, and
// whether there is such an op.
func OpAt(addr uint64, n int) (int, bool) {
	if addr < OpsBase || (addr-OpsBase)%opSize != 0 {
		return 0, false
	}
	i := int((addr - OpsBase) / opSize)
	return i, i < n
}
