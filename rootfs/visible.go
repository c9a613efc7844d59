package rootfs

import (
	"strings"

	"golang.org/x/sys/unix"
)

// Visible says whether an absolute path, if opened inside, leads to what the
// host has at it: in a folder or file that the view shows, all links followed
// as the program would. It answers for the host's files only: what is in /proc,
// /tmp and /box is the jail's own.
func (h *Host) Visible(v View, path string) bool {
	if !strings.HasPrefix(path, "/") {
		return false
	}
	at, rest, links := "/", path, 0
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
		target, seen := h.inside(v.Entries, next)
		switch {
		case !seen || links > 40:
			return false
		case target == "":
			at = next
		default:
			if links++; strings.HasPrefix(target, "/") {
				at = "/"
			}
			rest = target + "/" + rest
		}
	}
	return true
}

// inside says whether the program sees the name path, whose parents it sees as
// folders, and where it leads if it is a link.
func (h *Host) inside(entries []Entry, path string) (target string, seen bool) {
	var over *Entry
	for i := range entries {
		e := &entries[i]
		switch {
		case e.Path == path:
			return e.Target, true
		case (e.Kind == Overlay || e.Kind == Bind) && below(path, e.Path) && (over == nil || len(e.Path) > len(over.Path)):
			over = e
		}
	}
	if over == nil {
		return devTarget(path)
	}
	host := join(over.Source, path[len(over.Path)+1:])
	st, err := h.lstat(host)
	if err != nil {
		return "", false
	}
	if st.Mode&unix.S_IFMT != unix.S_IFLNK {
		return "", true
	}
	target, err = h.readlink(host)
	return target, err == nil
}

// devTarget answers for the device nodes, which are the host's own.
func devTarget(path string) (target string, seen bool) {
	for i := range dev {
		if dev[i].Kind == DevNode && path == "/dev/"+dev[i].Name {
			return "", true
		}
	}
	return "", false
}
