package rootfs

import (
	"strconv"
	"strings"
)

// Identity is who the program is inside, for /etc/passwd, /etc/group and
// /etc/hosts.
type Identity struct {
	UID, GID    int    // as mapped inside
	User, Group string // default "jail"
	Home        string // default "/box"
	Hostname    string // default "jail"
}

// overflow is the id by which the kernel shows files of ids that are not
// mapped: all of the host's, root's too (user_namespaces(7)).
const overflow = 65534

// With adds the files that name the run's user and host. The error is an *Error
// with ErrBadIdentity if a name would break a line, or forge another.
func (v View) With(id Identity) (View, error) {
	id = id.filled()
	if err := id.check(); err != nil {
		return View{}, err
	}
	entries := make([]Entry, len(v.Entries), len(v.Entries)+4)
	copy(entries, v.Entries)
	v.Entries = arrange(append(entries,
		Entry{Path: "/etc/passwd", Kind: Text, Mode: 0o444, Data: id.passwd(), Why: "names the run's user, and none of the host's"},
		Entry{Path: "/etc/group", Kind: Text, Mode: 0o444, Data: id.group(), Why: "names the run's group, and none of the host's"},
		Entry{Path: "/etc/hosts", Kind: Text, Mode: 0o444, Data: id.hosts(), Why: "localhost, and the jail's own name"},
	))
	return v, nil
}

// check refuses what would break a line of a file, or forge another.
func (id Identity) check() error {
	for _, s := range [...]string{id.User, id.Group, id.Home, id.Hostname} {
		if strings.ContainsAny(s, ":\n\r\t \x00") {
			return &Error{Op: "name the jail's user", Object: strconv.Quote(s), Err: ErrBadIdentity, Hint: "use no colon and no white space"}
		}
	}
	return nil
}

func (id Identity) filled() Identity {
	for _, d := range [...]struct {
		field *string
		value string
	}{{&id.User, "jail"}, {&id.Group, "jail"}, {&id.Home, "/box"}, {&id.Hostname, "jail"}} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	return id
}

// passwd has the user first, so that a look-up of his id finds his name even
// where the id is 0 or the overflow id.
func (id Identity) passwd() string {
	s := id.User + ":x:" + strconv.Itoa(id.UID) + ":" + strconv.Itoa(id.GID) + "::" + id.Home + ":/bin/sh\n"
	if id.User != "root" {
		s += "root:x:0:0::/:/bin/sh\n"
	}
	if id.User != "nobody" {
		s += "nobody:x:" + strconv.Itoa(overflow) + ":" + strconv.Itoa(overflow) + "::/:/bin/false\n"
	}
	return s
}

func (id Identity) group() string {
	s := id.Group + ":x:" + strconv.Itoa(id.GID) + ":\n"
	if id.Group != "root" {
		s += "root:x:0:\n"
	}
	if id.Group != "nogroup" {
		s += "nogroup:x:" + strconv.Itoa(overflow) + ":\n"
	}
	return s
}

// hosts puts localhost first: it is the answer to a look-up by address.
func (id Identity) hosts() string {
	names := "localhost"
	if id.Hostname != names {
		names += " " + id.Hostname
	}
	return "127.0.0.1 " + names + "\n::1 " + names + "\n"
}
