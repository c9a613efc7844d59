package access

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Access is what was found of one Want.
type Access struct {
	Want
	Name  string     // absolute, inside, with its links as the program has written them
	Real  string     // the same without links; "" where there is nothing
	Dir   bool       // it is a folder
	Errno unix.Errno // what the call will meet there: 0, ENOENT, EACCES, EROFS
	Host  string     // of an ENOENT: where the host has the file, without links; "" where it has none
}

// Looker looks into one jail.
type Looker struct {
	root int // the jail's root
	user *identity
}

// identity is what permissions are asked for, where that is not the caller's own.
type identity struct{ uid, gid int }

// NewLooker looks into the jail in which pid runs. As root, permissions are those
// of uid and gid, by which the host knows the jail's user.
func NewLooker(pid int, root bool, uid, gid int) (*Looker, error) {
	fd, err := unix.Open(procPath(pid, "root"), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open the root of", Path: "process " + strconv.Itoa(pid), Err: err}
	}
	l := &Looker{root: fd}
	if root {
		l.user = &identity{uid, gid}
	}
	return l, nil
}

// Close gives the descriptor of the jail's root back.
func (l *Looker) Close() { unix.Close(l.root) }

// Look finds out what pid will meet. ok is false for what is no file of the view:
// in /proc a name means another thing to each process.
func (l *Looker) Look(pid int, w Want) (a Access, ok bool) {
	a = Access{Want: w}
	if a.Name, ok = l.absolute(pid, w); !ok || under(a.Name, "/proc") || under(a.Name, "/dev/fd") {
		return a, false
	}
	fd := -1
	l.as(func() { fd = l.find(&a) })
	if fd >= 0 {
		a.Real, a.Dir = placeOf(fd)
		unix.Close(fd)
	}
	if a.Errno == unix.ENOENT {
		a.Host = onHost(a.Name)
	}
	return a, true
}

// absolute gives a path as seen from the jail's root.
func (l *Looker) absolute(pid int, w Want) (string, bool) {
	if path.IsAbs(w.Path) {
		return w.Path, true
	}
	link := "cwd"
	if w.Dir != unix.AT_FDCWD {
		link = "fd/" + strconv.Itoa(int(w.Dir))
	}
	dir, err := os.Readlink(procPath(pid, link))
	if err != nil || !path.IsAbs(dir) || strings.HasSuffix(dir, " (deleted)") {
		return "", false
	}
	return strings.TrimSuffix(dir, "/") + "/" + w.Path, true
}

// find opens the file as a name only, which does nothing to it, and asks what it
// may be used for. It gives the descriptor, -1 where there is none.
func (l *Looker) find(a *Access) (fd int) {
	fd, err := l.open(a.Name, a.Intent&NoLink != 0)
	if err == unix.ENOENT && a.Intent&Create != 0 {
		a.Errno = l.parent(a.Name)
		return -1
	}
	if a.Errno = err; err != 0 {
		return -1
	}
	if a.Errno = may(fd, a.Intent); a.Errno == 0 && a.Intent&Remove != 0 {
		a.Errno = l.parent(a.Name)
	}
	return fd
}

// placeOf says where an open file is, and whether it is a folder.
func placeOf(fd int) (at string, dir bool) {
	at, _ = os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
	var st unix.Stat_t
	return at, unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR
}

// parent says what the making or removing of a name meets in its folder.
func (l *Looker) parent(name string) unix.Errno {
	dir, _ := path.Split(strings.TrimRight(name, "/"))
	fd, err := l.open(dir, false)
	if err != 0 {
		return err
	}
	defer unix.Close(fd)
	return may(fd, Write)
}

// open resolves a name as the jail does: no link leads out of its root.
func (l *Looker) open(name string, nolink bool) (int, unix.Errno) {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	if nolink {
		how.Flags |= unix.O_NOFOLLOW
	}
	fd, err := unix.Openat2(l.root, name, &how)
	var errno unix.Errno
	if errors.As(err, &errno) && errno == unix.ENOTDIR {
		errno = unix.ENOENT
	}
	return fd, errno
}

// may asks whether permissions and mounts allow what is meant: faccessat2(2) with
// the thread's own file system ids.
func may(fd int, i Intent) unix.Errno {
	mode := uint32(0)
	for _, m := range [...]struct {
		of   Intent
		mode uint32
	}{{Read, unix.R_OK}, {Write, unix.W_OK}, {Exec, unix.X_OK}} {
		if i&m.of != 0 {
			mode |= m.mode
		}
	}
	if i&Change != 0 && readOnly(fd) {
		return unix.EROFS
	}
	if mode == 0 {
		return 0
	}
	err := unix.Faccessat(fd, "", mode, unix.AT_EMPTY_PATH|unix.AT_EACCESS)
	var errno unix.Errno
	errors.As(err, &errno)
	return errno
}

func readOnly(fd int) bool {
	var st unix.Statfs_t
	return unix.Fstatfs(fd, &st) == nil && st.Flags&unix.ST_RDONLY != 0
}

// as does something with the jail's user's ids for files, on a thread that is
// given up if they can't be had back (setfsuid(2)).
func (l *Looker) as(do func()) {
	if l.user == nil {
		do()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		own, group := setfs(unix.SYS_SETFSUID, -1), setfs(unix.SYS_SETFSGID, -1)
		setfs(unix.SYS_SETFSGID, l.user.gid)
		setfs(unix.SYS_SETFSUID, l.user.uid)
		do()
		setfs(unix.SYS_SETFSUID, own)
		setfs(unix.SYS_SETFSGID, group)
		if setfs(unix.SYS_SETFSUID, -1) == own && setfs(unix.SYS_SETFSGID, -1) == group {
			runtime.UnlockOSThread()
		}
	}()
	<-done
}

// setfs sets an id of this thread alone, and gives the one before; -1 sets none.
func setfs(call uintptr, id int) int {
	before, _, _ := unix.RawSyscall(call, uintptr(uint32(id)), 0, 0)
	return int(uint32(before))
}

// onHost says where the host has what that name leads to, as the caller sees it.
func onHost(name string) string {
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return ""
	}
	return real
}

func procPath(pid int, rest string) string { return "/proc/" + strconv.Itoa(pid) + "/" + rest }

func under(name, dir string) bool {
	name = path.Clean(name)
	return name == dir || strings.HasPrefix(name, dir+"/")
}
