package rootfs

import (
	"strconv"
	"strings"
)

// Accounts are the files of an image that name its users, "" where it has none.
type Accounts struct {
	Passwd string `json:"passwd"`
	Group  string `json:"group"`
}

// imageFolders are what a jail adds to an image: places for what is its own.
var imageFolders = [...]Entry{
	{Path: "/box", Kind: Dir, Mode: 0o700, Why: "the program's working folder"},
	{Path: "/tmp", Kind: Dir, Mode: 0o1777, Why: "temporary files"},
	{Path: "/dev", Kind: Dir, Mode: 0o755, Why: "mount point of the minimal /dev"},
	{Path: "/proc", Kind: Dir, Mode: 0o555, Why: "mount point of the jail's own /proc"},
	{Path: "/run", Kind: Dir, Mode: 0o755, Why: "holds /run/jail"},
	{Path: "/run/jail", Kind: Dir, Mode: 0o755, Why: "what the program was refused"},
	{Path: "/etc", Kind: Dir, Mode: 0o755, Why: "holds the few files that are the jail's own"},
	{Path: "/etc/resolv.conf", Kind: Text, Mode: 0o644, Data: resolvConf, Why: "valid and without a server"},
}

// ImageLayout is the Layout of ImageView.
const ImageLayout = "image"

// ImageView gives what a jail has in place of the same names of an image: mount
// points, and files that name its host. The image's own users stay; the run's is
// added to them, unless there is one of its id. The error is an *Error with
// ErrBadIdentity.
func ImageView(id Identity, a Accounts) (View, error) {
	id = id.filled()
	if err := id.check(); err != nil {
		return View{}, err
	}
	v := View{Layout: ImageLayout}
	v.Entries = append(v.Entries, imageFolders[:]...)
	v.Entries = arrange(append(v.Entries,
		Entry{Path: "/etc/passwd", Kind: Text, Mode: 0o644, Data: a.passwd(&id), Why: "the image's users, and the run's"},
		Entry{Path: "/etc/group", Kind: Text, Mode: 0o644, Data: a.group(&id), Why: "the image's groups, and the run's"},
		Entry{Path: "/etc/hosts", Kind: Text, Mode: 0o644, Data: id.hosts(), Why: "localhost, and the jail's own name"},
		Entry{Path: "/etc/hostname", Kind: Text, Mode: 0o644, Data: id.Hostname + "\n", Why: "the jail's own name"},
	))
	return v, nil
}

func (a Accounts) passwd(id *Identity) string {
	line := id.User + ":x:" + strconv.Itoa(id.UID) + ":" + strconv.Itoa(id.GID) + "::" + id.Home + ":/bin/sh\n"
	return withLine(a.Passwd, line, id.passwd(), 2, strconv.Itoa(id.UID))
}

func (a Accounts) group(id *Identity) string {
	return withLine(a.Group, id.Group+":x:"+strconv.Itoa(id.GID)+":\n", id.group(), 2, strconv.Itoa(id.GID))
}

// withLine adds a line to a file of lines of fields, unless one has the value in the
// field. An empty file becomes instead.
func withLine(text, line, instead string, field int, value string) string {
	if text == "" {
		return instead
	}
	for l := range strings.Lines(text) {
		f := strings.Split(strings.TrimSuffix(l, "\n"), ":")
		if len(f) > field && f[field] == value {
			return text
		}
	}
	return strings.TrimSuffix(text, "\n") + "\n" + line
}

// WithDenials adds the folder of what a program was refused to the entries of a view
// that can be written to, so that its making is no change.
func WithDenials(entries []Entry) []Entry {
	for _, e := range imageFolders {
		if e.Path == "/run" || e.Path == "/run/jail" {
			entries = append(entries, e)
		}
	}
	return arrange(entries)
}
