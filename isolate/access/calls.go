// Package access tells what files a system call names, and whether a jail's view
// gives them: what is missing, or read-only, or kept from the jail's user by its
// permissions.
//
// It looks while the call waits, and the program may change what it has named
// meanwhile. What it finds is for people, and for a policy that is made from it,
// never a decision: the kernel decides when the call goes on.
package access

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// Intent is what a call would do with a file: a set of bits.
type Intent uint16

// The intents. None of them is a look only: whether the file is there.
const (
	Read   Intent = 1 << iota
	Write         // its content
	Exec          // run it, or go through the folder
	Create        // make the name, if it is not there
	Remove        // take the name out of its folder
	Change        // its mode, owner or times
	NoLink        // a link as the last name is what is meant
)

// Want is one file that a call names.
type Want struct {
	Dir    int32  // descriptor that a relative Path starts from, or AT_FDCWD
	Path   string // as the program has written it
	Intent Intent
}

// Memory is the memory of the program, as far as it can be read: the number of
// bytes that were got.
type Memory interface {
	Read(p []byte, addr uint64) int
}

// none stands for an argument that a call does not have.
const none = -1

// operand is where a call names a file.
type operand struct {
	dir, path int // arguments
	fixed     Intent
	more      func(args *[6]uint64, m Memory) (Intent, bool) // what other arguments add; false: no path is meant
}

// calls says which arguments name files.
var calls = map[string][]operand{
	"open":       {{none, 0, 0, openFlags(1)}},
	"openat":     {{0, 1, 0, openFlags(2)}},
	"openat2":    {{0, 1, 0, openHow}},
	"creat":      {{none, 0, Create | Write, nil}},
	"mknod":      {{none, 0, Create, nil}},
	"mknodat":    {{0, 1, Create, nil}},
	"stat":       {{none, 0, 0, nil}},
	"lstat":      {{none, 0, NoLink, nil}},
	"newfstatat": {{0, 1, 0, atFlags(3)}},
	"statx":      {{0, 1, 0, atFlags(2)}},
	"statfs":     {{none, 0, 0, nil}},
	"access":     {{none, 0, 0, accessMode(1)}},
	"faccessat":  {{0, 1, 0, accessMode(2)}},
	"faccessat2": {{0, 1, 0, accessMode(2)}},
	"truncate":   {{none, 0, Write, nil}},
	"rename":     {{none, 0, Remove | NoLink, nil}, {none, 1, Create | NoLink, nil}},
	"renameat":   {{0, 1, Remove | NoLink, nil}, {2, 3, Create | NoLink, nil}},
	"renameat2":  {{0, 1, Remove | NoLink, nil}, {2, 3, Create | NoLink, nil}},
	"link":       {{none, 0, NoLink, nil}, {none, 1, Create | NoLink, nil}},
	"linkat":     {{0, 1, NoLink, nil}, {2, 3, Create | NoLink, nil}},
	"unlink":     {{none, 0, Remove | NoLink, nil}},
	"unlinkat":   {{0, 1, Remove | NoLink, nil}},
	"symlink":    {{none, 1, Create | NoLink, nil}},
	"symlinkat":  {{1, 2, Create | NoLink, nil}},
	"readlink":   {{none, 0, NoLink, nil}},
	"readlinkat": {{0, 1, NoLink, nil}},
	"mkdir":      {{none, 0, Create | NoLink, nil}},
	"mkdirat":    {{0, 1, Create | NoLink, nil}},
	"rmdir":      {{none, 0, Remove | NoLink, nil}},
	"chmod":      {{none, 0, Change, nil}},
	"fchmodat":   {{0, 1, Change, nil}},
	"fchmodat2":  {{0, 1, Change, atFlags(3)}},
	"chown":      {{none, 0, Change, nil}},
	"lchown":     {{none, 0, Change | NoLink, nil}},
	"fchownat":   {{0, 1, Change, atFlags(4)}},
	"utime":      {{none, 0, Change, nil}},
	"utimes":     {{none, 0, Change, nil}},
	"futimesat":  {{0, 1, Change, nil}},
	"utimensat":  {{0, 1, Change, atFlags(3)}},
	"chdir":      {{none, 0, Exec, nil}},
	"execve":     {{none, 0, Exec, nil}},
	"execveat":   {{0, 1, Exec, atFlags(4)}},
}

// Wants lists the files that a call names: none for a call that names none, or
// whose memory can't be read.
func Wants(call string, args [6]uint64, m Memory) []Want {
	if call == "connect" {
		return socketWant(args, m)
	}
	var list []Want
	for _, o := range calls[call] {
		w := Want{Dir: unix.AT_FDCWD, Intent: o.fixed}
		if o.dir != none {
			w.Dir = int32(args[o.dir])
		}
		if o.more != nil {
			more, ok := o.more(&args, m)
			if !ok {
				continue
			}
			w.Intent |= more
		}
		if w.Path = text(m, args[o.path]); w.Path != "" {
			list = append(list, w)
		}
	}
	return list
}

// text reads a path. One that does not end within PATH_MAX names nothing.
func text(m Memory, addr uint64) string {
	if addr == 0 {
		return ""
	}
	var room [unix.PathMax]byte
	n := m.Read(room[:], addr)
	for i, c := range room[:n] {
		if c == 0 {
			return string(room[:i])
		}
	}
	return ""
}

func openFlags(arg int) func(*[6]uint64, Memory) (Intent, bool) {
	return func(args *[6]uint64, _ Memory) (Intent, bool) { return intentOf(args[arg]), true }
}

// openHow reads struct open_how, whose first field are the flags (openat2(2)).
func openHow(args *[6]uint64, m Memory) (Intent, bool) {
	var how [8]byte
	if m.Read(how[:], args[2]) < len(how) {
		return 0, false
	}
	return intentOf(binary.NativeEndian.Uint64(how[:])), true
}

// intentOf reads the flags of open(2).
func intentOf(flags uint64) (i Intent) {
	if flags&unix.O_NOFOLLOW != 0 {
		i |= NoLink
	}
	if flags&unix.O_PATH != 0 {
		return i
	}
	switch flags & unix.O_ACCMODE {
	case unix.O_RDONLY:
		i |= Read
	case unix.O_WRONLY:
		i |= Write
	default:
		i |= Read | Write
	}
	if flags&unix.O_CREAT != 0 {
		i |= Create
	}
	if flags&unix.O_TRUNC != 0 {
		i |= Write
	}
	return i
}

// atFlags reads AT_SYMLINK_NOFOLLOW. With AT_EMPTY_PATH an empty path is no path,
// and is left out as such.
func atFlags(arg int) func(*[6]uint64, Memory) (Intent, bool) {
	return func(args *[6]uint64, _ Memory) (Intent, bool) {
		if args[arg]&unix.AT_SYMLINK_NOFOLLOW != 0 {
			return NoLink, true
		}
		return 0, true
	}
}

// accessMode reads the mode of access(2).
func accessMode(arg int) func(*[6]uint64, Memory) (Intent, bool) {
	return func(args *[6]uint64, _ Memory) (i Intent, ok bool) {
		for bit, want := range map[uint64]Intent{unix.R_OK: Read, unix.W_OK: Write, unix.X_OK: Exec} {
			if args[arg]&bit != 0 {
				i |= want
			}
		}
		return i, true
	}
}

// socketWant reads a Unix socket's address, if it has a path (unix(7)).
func socketWant(args [6]uint64, m Memory) []Want {
	var room [unix.SizeofSockaddrUnix]byte
	size := min(int(args[2]), len(room)) // a socklen_t, which nothing here trusts
	if size <= 2 || m.Read(room[:size], args[1]) < size || binary.NativeEndian.Uint16(room[:]) != unix.AF_UNIX || room[2] == 0 {
		return nil
	}
	path := room[2:size]
	for i, c := range path {
		if c == 0 {
			path = path[:i]
			break
		}
	}
	return []Want{{Dir: unix.AT_FDCWD, Path: string(path), Intent: Write}}
}
