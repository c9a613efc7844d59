package notify

import (
	"bytes"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// form is how an argument is shown.
type form uint8

const (
	path   form = iota // a string in the caller's memory
	flags              // names of bits
	choice             // the name of a value
	number
)

// shown is one argument of a call that an Object tells.
type shown struct {
	label string
	arg   int
	as    form
	names []named
}

type named struct {
	value uint64
	name  string
}

// objects says what is told of which call. The rest shows as its arguments do.
var objects = [...]struct {
	call string
	args []shown
}{
	{"mount", []shown{{"source", 0, path, nil}, {"target", 1, path, nil}, {"type", 2, path, nil}}},
	{"umount2", []shown{{"target", 0, path, nil}}},
	{"pivot_root", []shown{{"new", 0, path, nil}, {"old", 1, path, nil}}},
	{"chroot", []shown{{"path", 0, path, nil}}},
	{"swapon", []shown{{"path", 0, path, nil}}},
	{"acct", []shown{{"path", 0, path, nil}}},
	{"mknod", []shown{{"path", 0, path, nil}}},
	{"mknodat", []shown{{"path", 1, path, nil}}},
	{"unshare", []shown{{"flags", 0, flags, namespaces}}},
	{"clone", []shown{{"flags", 0, flags, namespaces}}},
	{"setns", []shown{{"fd", 0, number, nil}, {"flags", 1, flags, namespaces}}},
	{"ptrace", []shown{{"request", 0, choice, ptraceRequests}, {"pid", 1, number, nil}}},
	{"process_vm_readv", []shown{{"pid", 0, number, nil}}},
	{"process_vm_writev", []shown{{"pid", 0, number, nil}}},
	{"keyctl", []shown{{"operation", 0, choice, keyOperations}}},
	{"add_key", []shown{{"type", 0, path, nil}, {"description", 1, path, nil}}},
	{"request_key", []shown{{"type", 0, path, nil}, {"description", 1, path, nil}}},
	{"bpf", []shown{{"command", 0, choice, bpfCommands}}},
}

var namespaces = []named{
	{unix.CLONE_NEWNS, "CLONE_NEWNS"}, {unix.CLONE_NEWCGROUP, "CLONE_NEWCGROUP"}, {unix.CLONE_NEWUTS, "CLONE_NEWUTS"},
	{unix.CLONE_NEWIPC, "CLONE_NEWIPC"}, {unix.CLONE_NEWUSER, "CLONE_NEWUSER"}, {unix.CLONE_NEWPID, "CLONE_NEWPID"},
	{unix.CLONE_NEWNET, "CLONE_NEWNET"}, {unix.CLONE_NEWTIME, "CLONE_NEWTIME"},
}

var ptraceRequests = []named{
	{0, "PTRACE_TRACEME"}, {1, "PTRACE_PEEKTEXT"}, {2, "PTRACE_PEEKDATA"}, {4, "PTRACE_POKETEXT"}, {5, "PTRACE_POKEDATA"},
	{7, "PTRACE_CONT"}, {16, "PTRACE_ATTACH"}, {17, "PTRACE_DETACH"}, {24, "PTRACE_SYSCALL"}, {0x4206, "PTRACE_SEIZE"},
}

var keyOperations = []named{
	{0, "KEYCTL_GET_KEYRING_ID"}, {1, "KEYCTL_JOIN_SESSION_KEYRING"}, {2, "KEYCTL_UPDATE"}, {3, "KEYCTL_REVOKE"},
	{4, "KEYCTL_CHOWN"}, {5, "KEYCTL_SETPERM"}, {6, "KEYCTL_DESCRIBE"}, {7, "KEYCTL_CLEAR"}, {8, "KEYCTL_LINK"},
	{9, "KEYCTL_UNLINK"}, {10, "KEYCTL_SEARCH"}, {11, "KEYCTL_READ"}, {12, "KEYCTL_INSTANTIATE"},
}

var bpfCommands = []named{
	{0, "BPF_MAP_CREATE"}, {1, "BPF_MAP_LOOKUP_ELEM"}, {2, "BPF_MAP_UPDATE_ELEM"}, {5, "BPF_PROG_LOAD"},
	{6, "BPF_OBJ_PIN"}, {7, "BPF_OBJ_GET"}, {8, "BPF_PROG_ATTACH"}, {18, "BPF_BTF_LOAD"}, {28, "BPF_LINK_CREATE"},
}

// object tells what a call was about, in printable ASCII of bounded length.
func (l *Listener) object(c *Call) string {
	for _, o := range &objects {
		if o.call != c.Syscall {
			continue
		}
		parts := make([]string, 0, len(o.args))
		for _, a := range o.args {
			parts = append(parts, a.label+"="+l.show(c, a))
		}
		return strings.Join(parts, " ")
	}
	return ""
}

func (l *Listener) show(c *Call, a shown) string {
	v := c.Args[a.arg]
	switch a.as {
	case path:
		return l.quoted(c, v)
	case flags:
		return flagNames(v, a.names)
	case choice:
		for _, n := range a.names {
			if n.value == uint64(uint32(v)) {
				return n.name
			}
		}
	}
	return strconv.Itoa(int(int32(v))) // the kernel looks at no more of these
}

func flagNames(v uint64, names []named) string {
	var parts []string
	for _, n := range names {
		if v&n.value != 0 {
			parts = append(parts, n.name)
			v &^= n.value
		}
	}
	if v != 0 || parts == nil {
		parts = append(parts, hex(v))
	}
	return strings.Join(parts, "|")
}

func hex(v uint64) string { return "0x" + strconv.FormatUint(v, 16) }

// textMax bounds what is read of a caller's string.
const textMax = 256

// quoted gives the string at addr as an ASCII Go literal, so that no control
// byte, no escape sequence and no bidirectional mark gets into a log; or the
// address, if the string can't be had.
func (l *Listener) quoted(c *Call, addr uint64) string {
	if addr == 0 {
		return "NULL"
	}
	if !l.o.AllowMemory || c.PID == 0 {
		return hex(addr)
	}
	var room [textMax]byte
	n := readMemory(c.PID, room[:], uintptr(addr))
	// The pid was the caller's all the while only if the caller still waits.
	if n == 0 || !l.valid(c.ID) {
		return hex(addr)
	}
	text, _, ended := bytes.Cut(room[:n], []byte{0})
	s := strconv.QuoteToASCII(string(text))
	if !ended {
		s += "..."
	}
	return s
}

// readMemory reads from addr on up to len(p) bytes, but not from a further page
// that it can't.
func readMemory(pid int, p []byte, addr uintptr) int {
	total := 0
	for total < len(p) {
		next := addr + uintptr(total)
		size := min(len(p)-total, pageSize()-int(next%uintptr(pageSize())))
		local := unix.Iovec{Base: &p[total]}
		local.SetLen(size)
		n, err := unix.ProcessVMReadv(pid, []unix.Iovec{local}, []unix.RemoteIovec{{Base: next, Len: size}}, 0)
		if err != nil || n <= 0 {
			break
		}
		if total += n; bytes.IndexByte(p[total-n:total], 0) >= 0 {
			break
		}
	}
	return total
}

func pageSize() int { return os.Getpagesize() }
