package safepath

import (
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// A spot is a path that was followed up to its last name: the folder is held
// open, so nothing that others rename changes where the name is looked for.
type spot struct {
	dir    int // O_PATH; the caller closes it
	name   string
	folder unix.Stat_t
	st     unix.Stat_t // of the name itself, no link followed
	exists bool
}

// A linkRule says what a link as the last name means.
type linkRule uint8

const (
	refuseLink  linkRule = iota
	followLink           // if it may be trusted, as a link on the way
	followToAny          // so too, and the path may be one that can only be a folder's
)

const maxLinks = 40 // as the kernel has it: path_resolution(7)

// locate follows path. Links on the way are followed as the sysctl
// fs.protected_symlinks would have it, and stricter, whatever it is set to: a
// link that another user could have put there is refused, and so is any of
// /proc, and any that may, unless it is nil, speaks against. Without links it is
// one openat2, unless the path turns back.
func locate(path string, last linkRule, may Follow) (spot, error) {
	dir, name := cut(path)
	if name == "" {
		return spot{}, nameless(path)
	}
	if turnsBack(path) {
		return walk(path, last, may)
	}
	fd, err := unix.Openat2(unix.AT_FDCWD, dir, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	})
	if err != nil {
		// A link, or no openat2: before 5.6, or an outer filter says EPERM. Any
		// other error is met again, and the name that caused it is then known.
		return walk(path, last, may)
	}
	s := spot{dir: fd, name: name}
	if err := s.look(); err != nil {
		unix.Close(fd)
		return spot{}, err
	}
	if s.exists && s.st.Mode&unix.S_IFMT == unix.S_IFLNK {
		unix.Close(fd)
		return walk(path, last, may)
	}
	return s, nil
}

// turnsBack says whether a ".." of path follows a name. The kernel then goes to
// where the named folder is by that time: out of a folder in which others have
// moved it up meanwhile. A walk goes to where it came from.
func turnsBack(path string) bool {
	named := false
	for name := range strings.SplitSeq(path, "/") {
		switch name {
		case "", ".":
		case "..":
			if named {
				return true
			}
		default:
			named = true
		}
	}
	return false
}

func nameless(path string) error {
	if path == "" {
		return unix.ENOENT
	}
	return Directory
}

// cut parts the last name from its folder. The name is empty if path can only
// be a folder.
func cut(path string) (dir, name string) {
	i := strings.LastIndexByte(path, '/')
	dir, name = path[:i+1], path[i+1:]
	if name == "." || name == ".." {
		name = ""
	}
	if dir == "" {
		dir = "."
	}
	return dir, name
}

func (s *spot) look() error {
	if err := unix.Fstat(s.dir, &s.folder); err != nil {
		return err
	}
	err := unix.Fstatat(s.dir, s.name, &s.st, unix.AT_SYMLINK_NOFOLLOW)
	s.exists = err == nil
	if err == unix.ENOENT {
		return nil
	}
	return err
}

// walk follows path name by name, each held open before its link is judged.
func walk(path string, last linkRule, may Follow) (spot, error) {
	return (&walker{dir: -1, rest: path, last: last, may: may}).walk()
}

func (w *walker) walk() (spot, error) {
	defer w.forget()
	if err := w.start(); err != nil {
		return spot{}, err
	}
	for {
		s, done, err := w.step()
		if err != nil {
			unix.Close(w.dir)
			return spot{}, err
		}
		if done {
			return s, nil
		}
	}
}

type walker struct {
	dir   int
	above []int  // the folders through which dir was entered, for ".."
	seen  string // the way to dir, for errors
	rest  string
	links int
	last  linkRule
	may   Follow // asked of each link that can be trusted, if not nil
}

// start opens the folder from which rest is meant.
func (w *walker) start() error {
	from := "."
	if strings.HasPrefix(w.rest, "/") {
		from, w.seen = "/", "/"
	}
	fd, err := unix.Open(from, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	w.forget()
	w.move(fd)
	return nil
}

func (w *walker) forget() {
	for _, fd := range w.above {
		unix.Close(fd)
	}
	w.above = nil
}

func (w *walker) move(fd int) {
	if w.dir >= 0 {
		unix.Close(w.dir)
	}
	w.dir = fd
}

// step takes one name of rest.
func (w *walker) step() (s spot, done bool, err error) {
	name, rest, more := strings.Cut(strings.TrimLeft(w.rest, "/"), "/")
	if !more && (name == "" || name == "." || name == "..") {
		return w.folderItself(name)
	}
	w.rest = rest
	s = spot{dir: w.dir, name: name}
	switch name {
	case "", ".":
		return s, false, nil
	case "..":
		return s, false, w.rise()
	}
	if err := s.look(); err != nil {
		return s, false, w.at(name, err)
	}
	switch {
	case s.exists && s.st.Mode&unix.S_IFMT == unix.S_IFLNK:
		return s, false, w.follow(&s, more)
	case !more:
		return s, true, nil
	case !s.exists:
		return s, false, w.at(name, unix.ENOENT)
	}
	return s, false, w.enter(name)
}

// folderItself ends a walk at a path that has no last name.
func (w *walker) folderItself(name string) (s spot, done bool, err error) {
	if w.last != followToAny {
		return spot{}, false, Directory
	}
	if name == ".." {
		if err := w.rise(); err != nil {
			return spot{}, false, err
		}
	}
	s = spot{dir: w.dir, name: "."}
	return s, true, s.look()
}

func (w *walker) enter(name string) error {
	fd, err := unix.Openat(w.dir, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return w.at(name, err)
	}
	w.above = append(w.above, w.dir)
	w.dir = fd
	w.seen += name + "/"
	return nil
}

// rise goes back to the folder that the walk came from, wherever others have
// moved the one that it is in; to the parent only of the one it began in.
func (w *walker) rise() error {
	w.seen += "../"
	if last := len(w.above) - 1; last >= 0 {
		w.move(w.above[last])
		w.above = w.above[:last]
		return nil
	}
	fd, err := unix.Openat(w.dir, "..", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &cause{err, w.seen}
	}
	w.move(fd)
	return nil
}

// follow puts a link's target before rest, if the link may be trusted.
func (w *walker) follow(s *spot, more bool) error {
	target, err := readTrusted(s)
	switch {
	case err != nil:
		return w.at(s.name, err)
	case !more && w.last == refuseLink:
		return &cause{SymbolicLink, "to " + target}
	case w.may != nil && !w.may(path.Clean(w.seen), &s.folder):
		return &cause{LinkInReach, w.seen + s.name + ", which leads to " + target}
	}
	if w.links++; w.links > maxLinks {
		return w.at(s.name, unix.ELOOP)
	}
	if more {
		target += "/" + w.rest
	}
	w.rest = target
	if strings.HasPrefix(target, "/") {
		w.seen = ""
		return w.start()
	}
	return nil
}

// at names the part of the path that err is about.
func (w *walker) at(name string, err error) error { return &cause{err, w.seen + name} }

// cause is an error with its detail, until the Error is made of it.
type cause struct {
	err    error
	detail string
}

func (c *cause) Error() string { return c.err.Error() + " " + c.detail }

// readTrusted reads the link at s by a descriptor of the link itself, so that
// what is judged is what is read.
func readTrusted(s *spot) (string, error) {
	fd, err := unix.Openat(s.dir, s.name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return "", err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFLNK {
		return "", Changed
	}
	var fs unix.Statfs_t
	if err := unix.Fstatfs(fd, &fs); err != nil {
		return "", err
	}
	if fs.Type == unix.PROC_SUPER_MAGIC {
		return "", MagicLink
	}
	if !trusted(&s.folder, &st) {
		return "", LinkOnWay
	}
	var buf [unix.PathMax]byte
	n, err := unix.Readlinkat(fd, "", buf[:])
	return string(buf[:max(n, 0)]), err
}

// trusted says whether nobody but the caller and root can have placed link in
// folder. Where anyone may rename in a folder, even root's link may have been
// moved there.
func trusted(folder, link *unix.Stat_t) bool {
	anyone := folder.Mode&unix.S_IWOTH != 0 && folder.Mode&unix.S_ISVTX == 0
	return mine(link.Uid) && !anyone
}

func mine(uid uint32) bool { return uid == 0 || uid == uint32(unix.Geteuid()) }

// IsForeign says whether a file belongs to a stranger, in a folder in which anyone may make
// files: he could read or change what is put there.
func IsForeign(folder, st *unix.Stat_t) bool {
	return shared(folder) && st.Uid != uint32(unix.Geteuid()) && st.Uid != folder.Uid
}

// shared says whether others may make files in folder, as the sysctls
// fs.protected_regular and fs.protected_fifos mean it.
func shared(folder *unix.Stat_t) bool {
	return folder.Mode&unix.S_IWOTH != 0 || folder.Mode&unix.S_ISVTX != 0 && folder.Mode&unix.S_IWGRP != 0
}
