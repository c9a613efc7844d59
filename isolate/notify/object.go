package notify

import (
	"bytes"
	"encoding/binary"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// object tells what a call was about, in printable ASCII of bounded length.
func (l *Listener) object(c *Call) string {
	for i := range objects {
		if o := &objects[i]; o.call == c.Syscall {
			return l.all(c, o.args)
		}
	}
	return ""
}

func (l *Listener) all(c *Call, args []shown) string {
	parts := make([]string, 0, len(args))
	for _, a := range args {
		parts = append(parts, a.label+"="+l.show(c, a))
	}
	return strings.Join(parts, " ")
}

// show tells an argument. What is no pointer the kernel reads as an int.
func (l *Listener) show(c *Call, a shown) string {
	v := c.Args[a.arg]
	switch a.as {
	case path:
		return l.quoted(c, v)
	case event:
		return l.event(c, v)
	case flags:
		return flagNames(v, a.names)
	case choice:
		return oneOf(uint64(uint32(v)), a.names)
	case folder:
		if int32(v) == unix.AT_FDCWD {
			return "AT_FDCWD"
		}
	}
	return strconv.Itoa(int(int32(v)))
}

// oneOf names a value: SOCK_CLOEXEC and SOCK_NONBLOCK are bits beside a type.
func oneOf(v uint64, names []named) string {
	for _, n := range names {
		if n.value == v || n.value == v&^(unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK) && strings.HasPrefix(n.name, "SOCK_") {
			return n.name
		}
	}
	return strconv.Itoa(int(int32(v)))
}

// event tells of which kind a struct perf_event_attr is: its first field.
func (l *Listener) event(c *Call, addr uint64) string {
	var room [16]byte
	if l.read(c, room[:], addr) < len(room) {
		return hex(addr)
	}
	return oneOf(uint64(binary.NativeEndian.Uint32(room[:])), perfTypes) + ":" + hex(binary.NativeEndian.Uint64(room[8:]))
}

func flagNames(v uint64, names []named) string {
	var parts []string
	for _, n := range names {
		if v&n.value != 0 {
			parts = append(parts, n.name)
			v &^= n.value
		}
	}
	if v != 0 {
		parts = append(parts, hex(v))
	}
	if parts == nil {
		return "0"
	}
	return strings.Join(parts, "|")
}

func hex(v uint64) string { return "0x" + strconv.FormatUint(v, 16) }

// textMax bounds what is told of a caller's string, and textRead what is read of it:
// a secret that crosses the bound is to be known as one.
const (
	textMax  = 256
	textRead = 1024
)

// quoted gives the string at addr as an ASCII Go literal, so that no control
// byte, no escape sequence and no bidirectional mark gets into a log; or the
// address, if the string can't be had.
func (l *Listener) quoted(c *Call, addr uint64) string {
	if addr == 0 {
		return "NULL"
	}
	var room [textRead]byte
	n := l.read(c, room[:], addr)
	if n == 0 {
		return hex(addr)
	}
	part, _, ended := bytes.Cut(room[:n], []byte{0})
	text := string(part)
	if l.o.Redact != nil {
		text = l.o.Redact(text)
	}
	if len(text) > textMax {
		text, ended = text[:textMax], false
	}
	s := strconv.QuoteToASCII(text)
	if !ended {
		s += "..."
	}
	return s
}

// read reads the caller's memory, 0 bytes where that can't be had.
func (l *Listener) read(c *Call, p []byte, addr uint64) int {
	if l.blind || c.PID == 0 {
		return 0
	}
	n := 0
	if l.o.AllowMemory {
		n = readMemory(c.PID, p, uintptr(addr))
	} else {
		n = l.readAside(c.PID, p, uintptr(addr))
	}
	// The pid was the caller's all the while only if the caller still waits.
	if n == 0 || !l.valid(c.ID) {
		return 0
	}
	return n
}

// readAside reads on a goroutine of its own, and waits for it no longer than
// patience: a page of a FUSE server of the caller's may take as long as that
// likes. A jail that has once kept us waiting is not read any more, so one thread
// is lost at most, and that only until the server answers.
func (l *Listener) readAside(pid int, p []byte, addr uintptr) int {
	done := make(chan []byte, 1)
	go func(size int) {
		own := make([]byte, size) // p is the loop's, who may be gone
		done <- own[:readMemory(pid, own, addr)]
	}(len(p))
	select {
	case got := <-done:
		return copy(p, got)
	case <-time.After(patience):
		l.blind = true
		return 0
	}
}

// patience is far beyond what reading two pages takes.
const patience = 100 * time.Millisecond

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
