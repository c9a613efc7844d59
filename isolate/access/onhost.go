package access

import (
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// mostLinks is how many links the kernel follows (path_resolution(7)).
const mostLinks = 40

// onHost says where the host has what a name leads to, without links, as the
// caller sees it; "" where it has nothing. Each step is opened as a name only, and
// alone, so that nothing is mounted for it: below an automounter's folder the
// program's next name would be a server to be asked (autofs(5)).
func onHost(name string) string {
	at, rest, links := "/", name, 0
	for rest != "" {
		var next string
		next, rest, _ = strings.Cut(rest, "/")
		switch next {
		case "", ".":
			continue
		case "..":
			at = path.Dir(at)
			continue
		}
		to, ok := step(path.Join(at, next))
		switch {
		case !ok:
			return ""
		case to == "":
			at = path.Join(at, next)
			continue
		}
		if links++; links > mostLinks {
			return ""
		}
		if path.IsAbs(to) {
			at = "/"
		}
		rest = to + "/" + rest
	}
	return at
}

// step looks at one name, of which all before the last is known to lead through no
// link: to is what a link holds.
func step(name string) (to string, ok bool) {
	fd, err := unix.Open(name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", false
	}
	defer unix.Close(fd)
	var room [unix.PathMax]byte
	if n, err := unix.Readlinkat(fd, "", room[:]); err == nil {
		return string(room[:n]), n > 0 && n < len(room)
	}
	var st unix.Statfs_t
	return "", unix.Fstatfs(fd, &st) == nil && st.Type != unix.AUTOFS_SUPER_MAGIC
}
