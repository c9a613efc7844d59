package rootfs

import (
	"encoding/binary"
	"errors"
	"strings"

	"golang.org/x/sys/unix"
)

// Host is a tree that is probed as if its folder were the root: links in it are
// followed within it, and what is found is named as seen from within. Probing
// changes nothing. A Host is for one goroutine at a time.
type Host struct {
	dir   string
	fd    int
	top   listing
	etc   listing
	calls int // system calls made; a test holds their bound
	buf   []byte
}

// NewHost opens the tree at dir, "/" for the host itself. Close it.
func NewHost(dir string) (*Host, error) {
	fd, err := openFolder(unix.AT_FDCWD, dir, 0)
	if err != nil {
		return nil, &Error{Op: "open", Object: dir, Err: err}
	}
	const room = 8 << 10 // of names at a time; on the stack it would be copied as that grows
	return &Host{dir: dir, fd: fd, calls: 1, buf: make([]byte, room)}, nil
}

// Close gives the tree's descriptor back.
func (h *Host) Close() error {
	h.calls++
	return unix.Close(h.fd)
}

// openFolder opens for reading, or only as a place to look from where the
// folder may be searched but not read.
func openFolder(at int, path string, flags int) (int, error) {
	flags |= unix.O_DIRECTORY | unix.O_CLOEXEC
	fd, err := unix.Openat(at, path, unix.O_RDONLY|flags, 0)
	if err == unix.EACCES {
		fd, err = unix.Openat(at, path, unix.O_PATH|flags, 0)
	}
	return fd, err
}

// layout finds the first row of the table whose marks hold.
func (h *Host) layout() (*layout, error) {
	for i := range layouts {
		if h.bears(layouts[i].marks) {
			return &layouts[i], nil
		}
	}
	return nil, &Error{Op: "recognise the layout of", Object: h.dir, Err: ErrUnknownLayout,
		Hint: "there is neither /usr with /bin, nor a package store; use an image instead of the host's view"}
}

func (h *Host) bears(marks []mark) bool {
	for _, m := range marks {
		kind, err := h.mark(m.path)
		if err != nil || m.kind != 0 && kind != m.kind {
			return false
		}
	}
	return true
}

// mark is the type of path itself, its parent being resolved.
func (h *Host) mark(path string) (uint32, error) {
	parent, name := split(path)
	p, err := h.walk(parent, nil)
	if err != nil {
		return 0, err
	}
	return h.kind(join(p.path, name))
}

// A place is what a path leads to.
type place struct {
	path  string
	kind  uint32 // S_IFDIR and so on; zero where shown
	shown bool   // path is one of the view's: the walk ended at something shown
}

// walk resolves path with the tree's folder as root. It ends early at a folder
// that entries show, and then gives the path inside: what is below is as it is
// on the host. It makes at most one call for a name and one for a link.
func (h *Host) walk(path string, entries []Entry) (place, error) {
	at, kind, rest, links := "/", uint32(unix.S_IFDIR), path, 0
	for rest != "" {
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		switch name {
		case "", ".":
			continue
		case "..":
			at, _ = split(at)
			continue
		}
		next := join(at, name)
		if e := showing(entries, next); e != nil && !climbs(rest) {
			return place{path: join(e.Path, rest), shown: true}, nil
		}
		var err error
		if kind, err = h.kind(next); err != nil {
			return place{}, err
		}
		switch {
		case kind == unix.S_IFLNK:
			if links++; links > 40 { // as the kernel does: path_resolution(7)
				return place{}, unix.ELOOP
			}
			target, err := h.readlink(next)
			if err != nil {
				return place{}, err
			}
			if strings.HasPrefix(target, "/") {
				at = "/"
			}
			rest, kind = target+"/"+rest, unix.S_IFDIR
		case kind != unix.S_IFDIR && strings.Trim(rest, "/") != "":
			return place{}, unix.ENOTDIR
		default:
			at = next
		}
	}
	return place{path: at, kind: kind}, nil
}

// showing is the entry by which the host's folder at path is seen whole.
func showing(entries []Entry, path string) *Entry {
	for i := range entries {
		e := &entries[i]
		if (e.Kind == Overlay || e.Kind == Bind) && (e.Source == path || e.Path == path) {
			return e
		}
	}
	return nil
}

func climbs(path string) bool {
	return path == ".." || strings.HasPrefix(path, "../") || strings.HasSuffix(path, "/..") || strings.Contains(path, "/../")
}

// kind is the type of path, whose parents are known to be folders. The listings
// answer for names in / and /etc without a call.
func (h *Host) kind(path string) (uint32, error) {
	parent, name := split(path)
	for _, l := range [...]*listing{&h.top, &h.etc} {
		if l.read && l.path == parent {
			kind, ok := l.find(name)
			if !ok {
				return 0, unix.ENOENT
			}
			if kind != 0 {
				return kind, nil
			}
		}
	}
	st, err := h.lstat(path)
	return st.Mode & unix.S_IFMT, err
}

func (h *Host) lstat(path string) (st unix.Stat_t, err error) {
	h.calls++
	err = unix.Fstatat(h.fd, relative(path), &st, unix.AT_SYMLINK_NOFOLLOW)
	return st, err
}

func (h *Host) readlink(path string) (string, error) {
	h.calls++
	n, err := unix.Readlinkat(h.fd, relative(path), h.buf)
	if err != nil {
		return "", err
	}
	return string(h.buf[:n]), nil
}

// isMount says whether path is the root of a mount. A kernel before 5.8 does not
// tell, and the device then does, except for a bind of the same device.
func (h *Host) isMount(path string) bool {
	h.calls++
	var st unix.Statx_t
	if err := unix.Statx(h.fd, relative(path), unix.AT_SYMLINK_NOFOLLOW, unix.STATX_TYPE, &st); err != nil {
		return false
	}
	if st.Attributes_mask&unix.STATX_ATTR_MOUNT_ROOT != 0 {
		return st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0
	}
	parent, _ := split(path)
	up, err := h.lstat(parent)
	return err == nil && up.Dev != unix.Mkdev(st.Dev_major, st.Dev_minor)
}

// A listing is the names in one folder, with their types.
type listing struct {
	path  string
	read  bool // false: the folder could not be read, names must be asked for one by one
	names []named
}

type named struct {
	name string
	kind uint32 // zero where the filesystem does not say
}

func (l *listing) find(name string) (kind uint32, ok bool) {
	for i := range l.names {
		if l.names[i].name == name {
			return l.names[i].kind, true
		}
	}
	return 0, false
}

// list reads / and /etc. Two listings cost less than asking for each name that
// a layout may have, and they alone can answer a pattern.
func (h *Host) list() {
	h.top = h.listing(h.fd, "/")
	p, err := h.walk("/etc", nil)
	if err != nil || p.kind != unix.S_IFDIR {
		return
	}
	h.calls += 2
	fd, err := openFolder(h.fd, relative(p.path), unix.O_NOFOLLOW)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	h.etc = h.listing(fd, p.path)
}

func (h *Host) listing(fd int, path string) listing {
	l := listing{path: path, names: make([]named, 0, 256)}
	h.calls++
	if _, err := unix.Seek(fd, 0, unix.SEEK_SET); err != nil {
		return l
	}
	for {
		h.calls++
		n, err := unix.Getdents(fd, h.buf)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return listing{path: path}
		}
		if n == 0 {
			l.read = true
			return l
		}
		l.parse(string(h.buf[:n]))
	}
}

// parse reads struct linux_dirent64 of getdents(2): ino 8, off 8, reclen 2,
// type 1, and the name up to a zero byte.
func (l *listing) parse(dirents string) {
	const head = 19
	for len(dirents) > head {
		length := int(binary.NativeEndian.Uint16([]byte(dirents[16:18])))
		if length <= head || length > len(dirents) {
			return
		}
		name, _, _ := strings.Cut(dirents[head:length], "\x00")
		if name != "." && name != ".." {
			l.names = append(l.names, named{name, uint32(dirents[18]) << 12}) // DT_DIR is S_IFDIR>>12, and so on: readdir(3)
		}
		dirents = dirents[length:]
	}
}

// relative makes path one for the *at calls: the descriptor is the root.
func relative(path string) string {
	if path == "/" {
		return "."
	}
	return path[1:]
}

func join(dir, rest string) string {
	switch {
	case rest == "":
		return dir
	case dir == "/":
		return "/" + rest
	}
	return dir + "/" + rest
}

func split(path string) (parent, name string) {
	i := strings.LastIndexByte(path, '/')
	if i <= 0 {
		return "/", path[i+1:]
	}
	return path[:i], path[i+1:]
}
