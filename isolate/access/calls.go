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
	more      extra
	arg       int // that more is read from
}

// extra is how another argument adds to an intent.
type extra uint8

const (
	nothing    extra = iota
	openFlags        // those of open(2)
	openHow          // a struct open_how, openat2(2)
	atFlags          // AT_SYMLINK_NOFOLLOW among them
	accessMode       // of access(2)
)

// call says which arguments of a call name files.
type call struct {
	name  string
	files []operand
}

var calls = [...]call{
	{"open", []operand{{none, 0, 0, openFlags, 1}}},
	{"openat", []operand{{0, 1, 0, openFlags, 2}}},
	{"openat2", []operand{{0, 1, 0, openHow, 2}}},
	{"creat", []operand{{none, 0, Create | Write, nothing, 0}}},
	{"mknod", []operand{{none, 0, Create, nothing, 0}}},
	{"mknodat", []operand{{0, 1, Create, nothing, 0}}},
	{"stat", []operand{{none, 0, 0, nothing, 0}}},
	{"lstat", []operand{{none, 0, NoLink, nothing, 0}}},
	{"newfstatat", []operand{{0, 1, 0, atFlags, 3}}},
	{"statx", []operand{{0, 1, 0, atFlags, 2}}},
	{"statfs", []operand{{none, 0, 0, nothing, 0}}},
	{"access", []operand{{none, 0, 0, accessMode, 1}}},
	{"faccessat", []operand{{0, 1, 0, accessMode, 2}}},
	{"faccessat2", []operand{{0, 1, 0, accessMode, 2}}},
	{"truncate", []operand{{none, 0, Write, nothing, 0}}},
	{"rename", []operand{{none, 0, Remove | NoLink, nothing, 0}, {none, 1, Create | NoLink, nothing, 0}}},
	{"renameat", []operand{{0, 1, Remove | NoLink, nothing, 0}, {2, 3, Create | NoLink, nothing, 0}}},
	{"renameat2", []operand{{0, 1, Remove | NoLink, nothing, 0}, {2, 3, Create | NoLink, nothing, 0}}},
	{"link", []operand{{none, 0, NoLink, nothing, 0}, {none, 1, Create | NoLink, nothing, 0}}},
	{"linkat", []operand{{0, 1, NoLink, nothing, 0}, {2, 3, Create | NoLink, nothing, 0}}},
	{"unlink", []operand{{none, 0, Remove | NoLink, nothing, 0}}},
	{"unlinkat", []operand{{0, 1, Remove | NoLink, nothing, 0}}},
	{"symlink", []operand{{none, 1, Create | NoLink, nothing, 0}}},
	{"symlinkat", []operand{{1, 2, Create | NoLink, nothing, 0}}},
	{"readlink", []operand{{none, 0, NoLink, nothing, 0}}},
	{"readlinkat", []operand{{0, 1, NoLink, nothing, 0}}},
	{"mkdir", []operand{{none, 0, Create | NoLink, nothing, 0}}},
	{"mkdirat", []operand{{0, 1, Create | NoLink, nothing, 0}}},
	{"rmdir", []operand{{none, 0, Remove | NoLink, nothing, 0}}},
	{"chmod", []operand{{none, 0, Change, nothing, 0}}},
	{"fchmodat", []operand{{0, 1, Change, nothing, 0}}},
	{"fchmodat2", []operand{{0, 1, Change, atFlags, 3}}},
	{"chown", []operand{{none, 0, Change, nothing, 0}}},
	{"lchown", []operand{{none, 0, Change | NoLink, nothing, 0}}},
	{"fchownat", []operand{{0, 1, Change, atFlags, 4}}},
	{"utime", []operand{{none, 0, Change, nothing, 0}}},
	{"utimes", []operand{{none, 0, Change, nothing, 0}}},
	{"futimesat", []operand{{0, 1, Change, nothing, 0}}},
	{"utimensat", []operand{{0, 1, Change, atFlags, 3}}},
	{"chdir", []operand{{none, 0, Exec, nothing, 0}}},
	{"setxattr", []operand{{none, 0, Change, nothing, 0}}},
	{"lsetxattr", []operand{{none, 0, Change | NoLink, nothing, 0}}},
	{"getxattr", []operand{{none, 0, 0, nothing, 0}}},
	{"lgetxattr", []operand{{none, 0, NoLink, nothing, 0}}},
	{"listxattr", []operand{{none, 0, 0, nothing, 0}}},
	{"llistxattr", []operand{{none, 0, NoLink, nothing, 0}}},
	{"removexattr", []operand{{none, 0, Change, nothing, 0}}},
	{"lremovexattr", []operand{{none, 0, Change | NoLink, nothing, 0}}},
	{"inotify_add_watch", []operand{{none, 1, Read, nothing, 0}}},
	{"execve", []operand{{none, 0, Exec, nothing, 0}}},
	{"execveat", []operand{{0, 1, Exec, atFlags, 4}}},
}

// Names says whether a call is known to name a file.
func Names(call string) bool { return call == "connect" || call == "bind" || operandsOf(call) != nil }

// Wants lists the files that a call names: none for a call that names none, or
// whose memory can't be read.
func Wants(call string, args [6]uint64, m Memory) []Want {
	switch call {
	case "connect":
		return socketWant(args, m, Write)
	case "bind":
		return socketWant(args, m, Create|NoLink)
	}
	var list []Want
	for _, o := range operandsOf(call) {
		more, ok := o.more.read(args[o.arg], m)
		if !ok {
			continue
		}
		w := Want{Dir: unix.AT_FDCWD, Intent: o.fixed | more}
		if o.dir != none {
			w.Dir = int32(args[o.dir])
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

func operandsOf(name string) []operand {
	for i := range calls {
		if calls[i].name == name {
			return calls[i].files
		}
	}
	return nil
}

// read tells what an argument adds; ok is false where it can't be read. With
// AT_EMPTY_PATH an empty path is no path, and is left out as such.
func (e extra) read(arg uint64, m Memory) (i Intent, ok bool) {
	switch e {
	case openFlags:
		return intentOf(arg), true
	case openHow:
		var flags [8]byte // the first field
		if m.Read(flags[:], arg) < len(flags) {
			return 0, false
		}
		return intentOf(binary.NativeEndian.Uint64(flags[:])), true
	case atFlags:
		if arg&unix.AT_SYMLINK_NOFOLLOW != 0 {
			i = NoLink
		}
	case accessMode:
		for _, b := range [...]struct {
			bit  uint64
			want Intent
		}{{unix.R_OK, Read}, {unix.W_OK, Write}, {unix.X_OK, Exec}} {
			if arg&b.bit != 0 {
				i |= b.want
			}
		}
	}
	return i, true
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

// socketWant reads a Unix socket's address, if it has a path (unix(7)).
func socketWant(args [6]uint64, m Memory, i Intent) []Want {
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
	return []Want{{Dir: unix.AT_FDCWD, Path: string(path), Intent: i}}
}
