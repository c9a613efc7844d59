package access

import (
	"errors"
	"os"
	"path"
	"runtime"
	"strconv"
	"strings"
	"time"

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
	InCwd bool       // Host is in the caller's working directory, of which Name is in /box
}

// Looker looks into one jail. Its methods are for one goroutine.
type Looker struct {
	root    int // the jail's root
	user    *identity
	beside  string        // the caller's working directory, which a program may think /box to be
	late    chan struct{} // closed when a look that was given up is through; nil: none was
	patient time.Duration
}

// patience is far beyond what a look takes where no file server is asked.
const patience = 100 * time.Millisecond

// ErrLate says that a look was given up: a file server that the program has named
// a file of did not answer.
var ErrLate = errors.New("a file system that the program asked for does not answer")

// identity is what permissions are asked for, where that is not the caller's own.
type identity struct{ uid, gid int }

// NewLooker looks into the jail in which pid runs. As root, permissions are those
// of uid and gid, by which the host knows the jail's user.
func NewLooker(pid int, root bool, uid, gid int) (*Looker, error) {
	fd, err := unix.Open(procPath(pid, "root"), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open the root of", Path: "process " + strconv.Itoa(pid), Err: err}
	}
	l := &Looker{root: fd, patient: patience}
	if wd, err := os.Getwd(); err == nil && path.IsAbs(wd) {
		l.beside = wd
	}
	if root {
		l.user = &identity{uid, gid}
	}
	return l, nil
}

// Close gives the descriptor of the jail's root back, at once or when nobody looks
// from it any more.
func (l *Looker) Close() {
	if l.late == nil {
		unix.Close(l.root)
		return
	}
	go func() {
		<-l.late
		unix.Close(l.root)
	}()
}

// Late is ErrLate when a look was given up. None is made after that, so that one
// thread is lost at most, and that only until the file server answers.
func (l *Looker) Late() error {
	if l.late == nil {
		return nil
	}
	return ErrLate
}

// Look finds out what pid will meet. ok is false for what is no file of the view:
// in /proc a name means another thing to each process.
//
// It is no longer than patience: the name is the program's, and may lead to a file
// server of the caller's, or of the host's, that never answers.
func (l *Looker) Look(pid int, w Want) (a Access, ok bool) {
	a = Access{Want: w}
	if l.late != nil {
		return a, false
	}
	if a.Name, ok = l.absolute(pid, w); !ok || Under(a.Name, "/proc") || Under(a.Name, "/dev/fd") {
		return a, false
	}
	done, found := make(chan struct{}), a // found is the goroutine's until it is done
	go func() {
		defer close(done)
		l.look(&found)
	}()
	late := time.NewTimer(l.patient)
	defer late.Stop()
	select {
	case <-done:
		return found, true
	case <-late.C:
		l.late = done
		return a, false
	}
}

func (l *Looker) look(a *Access) {
	fd := -1
	l.as(func() { fd = l.find(a) })
	if fd >= 0 {
		a.Real, a.Dir = placeOf(fd)
		unix.Close(fd)
	}
	if a.Errno == unix.ENOENT {
		a.Host = onHost(a.Name)
		if rest, in := strings.CutPrefix(path.Clean(a.Name), "/box/"); in && a.Host == "" && l.beside != "" {
			a.Host = onHost(path.Join(l.beside, rest))
			a.InCwd = a.Host != ""
		}
	}
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
	if i&(Change|Write) != 0 && readOnly(fd) { // before permissions, as the kernel does where a name is made
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

// readOnly says whether nothing can be written there: a device or a socket can, on
// any mount.
func readOnly(fd int) bool {
	var file unix.Stat_t
	if unix.Fstat(fd, &file) != nil || file.Mode&unix.S_IFMT != unix.S_IFREG && file.Mode&unix.S_IFMT != unix.S_IFDIR {
		return false
	}
	var st unix.Statfs_t
	return unix.Fstatfs(fd, &st) == nil && st.Flags&unix.ST_RDONLY != 0
}

// as does something with the jail's user's ids for files. It is called on a
// goroutine of its own, whose thread is given up with it if the ids can't be had
// back (setfsuid(2)).
func (l *Looker) as(do func()) {
	if l.user == nil {
		do()
		return
	}
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
}

// setfs sets an id of this thread alone, and gives the one before; -1 sets none.
func setfs(call uintptr, id int) int {
	before, _, _ := unix.RawSyscall(call, uintptr(uint32(id)), 0, 0)
	return int(uint32(before))
}

func procPath(pid int, rest string) string { return "/proc/" + strconv.Itoa(pid) + "/" + rest }

// Under says whether a name is a folder's, or below it.
func Under(name, dir string) bool {
	name = path.Clean(name)
	return name == dir || strings.HasPrefix(name, dir+"/")
}
