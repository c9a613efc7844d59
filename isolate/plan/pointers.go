package plan

import (
	"encoding/binary"
	"strconv"

	"github.com/jailrun/jail/isolate/tape"
	"golang.org/x/sys/unix"
)

// memory checks every address that an op holds, and those within the
// structures that it points at.
func (v *verifier) memory() error {
	if len(v.t.Ops) == 0 {
		return &VerifyError{Rule: RuleReach, Index: 0, Why: "the tape is empty"}
	}
	var c *call
	for i := range v.t.Ops {
		o := &v.t.Ops[i]
		if c == nil || uint64(c.nr) != o.Call {
			if c = callOf(o.Call); c == nil {
				return v.fault(RuleCall, i, "system call "+strconv.FormatUint(o.Call, 10)+" is not one that a tape may hold")
			}
		}
		if why := v.command(o); why != "" {
			return v.fault(RuleCall, i, why)
		}
		if o.Dst != 0 && !v.t.Holds(o.Dst) {
			return v.fault(RulePointer, i, "its result goes to "+address(uint64(o.Dst))+", which is no variable")
		}
		if why := v.operands(o, c); why != "" {
			return v.fault(RulePointer, i, why)
		}
	}
	return nil
}

// command refuses what a call with many meanings may not mean: with any other
// command an argument may be a pointer.
func (v *verifier) command(o *tape.Op) string {
	known := true
	switch o.Call {
	case unix.SYS_PRCTL:
		if _, known = prctls.name(o.Args[0]); o.Args[0] == unix.PR_SET_NAME {
			_, known = v.t.Text(o.Args[1])
		}
	case unix.SYS_FCNTL:
		_, known = fcntls.name(o.Args[1])
	case unix.SYS_IOCTL:
		_, known = ioctls.name(o.Args[1])
	case unix.SYS_KEYCTL:
		_, known = keyctls.name(o.Args[0])
	}
	if !known {
		return "its command is not one that a tape may give"
	}
	return ""
}

func address(a uint64) string { return "0x" + strconv.FormatUint(a, 16) }

// operands says which argument is a stray pointer, and why.
func (v *verifier) operands(o *tape.Op, c *call) string {
	for i, a := range o.Args {
		loaded := o.Load>>i&1 != 0
		k := number
		if i < len(c.args) {
			k = c.args[i].kind
		}
		switch {
		case loaded && k > firstPointer:
			return "argument " + strconv.Itoa(i) + " is a pointer that is known only when it is played"
		case loaded && !v.t.In(a, 8):
			return "argument " + strconv.Itoa(i) + " is loaded from " + address(a)
		case !loaded && k > firstPointer && !v.pointer(o, &c.args[i], a):
			return "argument " + strconv.Itoa(i) + " of " + c.name + " points to " + address(a)
		}
	}
	return ""
}

// pointer says whether all that a points to is the image's.
func (v *verifier) pointer(o *tape.Op, p *param, a uint64) bool {
	n := int(p.n)
	switch p.kind {
	case null:
		return a == 0
	case text:
		_, ok := v.t.Text(a)
		return ok
	case textOrNull:
		_, ok := v.t.Text(a)
		return ok || a == 0
	case in:
		return v.t.In(a, n)
	case inOrNull:
		return a == 0 || v.t.In(a, n)
	case inLen:
		return v.readable(a, o.Args[n])
	case inLenOrNull:
		return a == 0 || v.readable(a, o.Args[n])
	case out:
		return v.writable(a, uint64(n))
	case outOrNull:
		return a == 0 || v.writable(a, uint64(n))
	case outLen:
		return v.writable(a, o.Args[n])
	}
	return v.structure(o, p, a)
}

// maxLength bounds every length on a tape: none is near it, and below it no
// sum wraps.
const maxLength = 1 << 30

func (v *verifier) readable(a, n uint64) bool { return n < maxLength && v.t.In(a, int(n)) }

func (v *verifier) writable(a, n uint64) bool { return n < maxLength && v.t.Writable(a, int(n)) }

// structure follows the pointers inside what a points to.
func (v *verifier) structure(o *tape.Op, p *param, a uint64) bool {
	switch p.kind {
	case vector:
		return v.vector(a)
	case pollSet:
		return o.Args[p.n] < 64 && v.writable(a, 8*o.Args[p.n])
	case message:
		return v.t.In(a, 56) && v.header(a, false)
	case messageOut:
		return v.writable(a, 56) && v.header(a, true)
	case cloneArgs:
		return v.cloneArgs(a, o.Args[p.n])
	case filterProgram:
		return v.t.In(a, 16) && v.readable(v.t.Word(a+8), 8*(v.t.Word(a)&0xffff))
	case mountAttr:
		return o.Args[p.n] == 32 && v.t.In(a, 32)
	case rulesetAttr:
		return o.Args[p.n] <= 24 && v.readable(a, o.Args[p.n])
	case openHow:
		return v.readable(a, 24)
	case pathBeneath:
		return v.t.In(a, 12)
	}
	return false
}

// vector follows a list of strings to its end.
func (v *verifier) vector(a uint64) bool {
	for {
		w := v.t.Bytes(a, 8)
		if w == nil {
			return false
		}
		at := binary.LittleEndian.Uint64(w)
		if at == 0 {
			return true
		}
		if _, ok := v.t.Text(at); !ok {
			return false
		}
		a += 8
	}
}

// header follows a struct msghdr, recvmsg(2).
func (v *verifier) header(a uint64, received bool) bool {
	ok := v.readable
	if received {
		ok = v.writable
	}
	name, iov, n := v.t.Word(a), v.t.Word(a+16), v.t.Word(a+24)
	ctl, size := v.t.Word(a+32), v.t.Word(a+40)
	if name != 0 || n > 16 || !v.readable(iov, 16*n) {
		return false
	}
	for i := range n {
		if !ok(v.t.Word(iov+16*i), v.t.Word(iov+16*i+8)) {
			return false
		}
	}
	return ctl == 0 && size == 0 || ok(ctl, size)
}

// cloneArgs follows a struct clone_args: a place for the pidfd, and no stack,
// no thread ids, no signal.
func (v *verifier) cloneArgs(a, size uint64) bool {
	if size != cloneArgsSize || !v.readable(a, size) {
		return false
	}
	for _, off := range [...]uint64{16, 24, 40, 48, 56, 64, 72} {
		if v.t.Word(a+off) != 0 {
			return false
		}
	}
	return v.t.Word(a)&unix.CLONE_PIDFD == 0 || v.writable(v.t.Word(a+8), 4)
}
