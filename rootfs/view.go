// Package rootfs says what a jailed program sees. The host view shows the
// system's programs and libraries, and of /etc only what they need to run.
//
// A view is data: a list of entries, parents before children, for a mounter
// that goes through them in order. Making one probes the host and changes
// nothing.
package rootfs

import "strconv"

// Kind is how an entry of a view is made.
type Kind uint8

// The kinds of Entry.
const (
	Dir     Kind = iota // an empty folder of the jail's own root, or a mount point
	Symlink             // a link, always relative, so that it leads nowhere else while the tree is still built beneath the host's root
	Overlay             // Source as the lower layer of an overlay: an own superblock, so that locks and inotify don't join two jails
	Bind                // Source itself, read-only; where the kernel has no overlay for this user (before 5.11, or nested too deep)
	Copy                // the bytes of the file Source, in the jail's own root
	Text                // Data as a file
)

var kindNames = [...]string{"dir", "symlink", "overlay", "bind", "copy", "text"}

// String gives the kind's name, as explain prints it.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// MarshalText gives the kind's name, for JSON.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Entry is one thing that the program sees.
type Entry struct {
	Path   string // absolute, inside
	Kind   Kind
	Source string `json:",omitempty"` // host path for Overlay, Bind and Copy, all its symbolic links resolved
	Target string `json:",omitempty"` // what a Symlink holds, relative to the folder of Path
	Data   string `json:",omitempty"` // content of a Text
	Mode   uint32 `json:",omitempty"` // permission bits of a Dir, Text or Copy
	Why    string // the reason, printed by explain
}

// View is what the program sees, before a policy adds to it or hides from it.
type View struct {
	Layout  string   // the row of the table of layouts that the host matched
	Entries []Entry  // parents before children
	Path    string   // the PATH inside
	Absent  []string // what the layout would show and the host lacks: a path, or "path: reason" if it exists and can't be shown
}

// AsBinds gives the same view without overlays, for kernels that refuse one:
// before 5.11 in a user namespace, and on a host whose root is itself two
// overlays deep. The jails of one host then share the inodes of these folders.
func (v View) AsBinds() View {
	entries := make([]Entry, len(v.Entries))
	copy(entries, v.Entries)
	for i := range entries {
		if entries[i].Kind == Overlay {
			entries[i].Kind = Bind
		}
	}
	v.Entries = entries
	return v
}

// WithoutHost gives the same view without anything of the host's: the folders, the
// texts, and the links at the top, by which what is shown of the host keeps its
// traditional paths.
func (v View) WithoutHost() View {
	entries := make([]Entry, 0, len(v.Entries))
	for _, e := range v.Entries {
		top := depth(e.Path) == 1
		if e.Kind == Dir && top || e.Kind == Text || e.Kind == Symlink && (top || e.Path == "/var/tmp") {
			entries = append(entries, e)
		}
	}
	v.Entries = entries
	return v
}

// HostView gives the view of a host's own system: its layout is recognised by a
// table, and every row of that layout that the host has becomes an entry. What
// depends on the run's user is added by With.
//
// The error is an *Error: ErrUnknownLayout, or the cause why a folder that the
// layout can't do without was not found.
func HostView(root *Host) (View, error) {
	root.list()
	l, err := root.layout()
	if err != nil {
		return View{}, err
	}
	b := builder{host: root, view: View{Layout: l.name, Path: l.path}}
	b.view.Entries = make([]Entry, 0, 48)
	b.view.Entries = append(b.view.Entries, standard...)
	for _, rules := range l.rules {
		for i := range rules {
			if err := b.add(&rules[i]); err != nil {
				return View{}, err
			}
		}
	}
	b.view.Entries = arrange(b.view.Entries)
	return b.view, nil
}
