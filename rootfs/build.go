package rootfs

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// A builder turns rules into entries, as far as the host has what they name.
type builder struct {
	host *Host
	view View
}

// add makes the entry of one rule, or of each name that its pattern matches.
func (b *builder) add(r *rule) error {
	before, after, pattern := strings.Cut(strings.TrimPrefix(r.path, "/etc/"), "*")
	if !pattern {
		return b.show(r, r.path)
	}
	suffix, rest, _ := strings.Cut(after, "/")
	found := false
	for _, n := range b.host.etc.names {
		if len(n.name) >= len(before)+len(suffix) && strings.HasPrefix(n.name, before) && strings.HasSuffix(n.name, suffix) {
			found = true
			if err := b.show(r, join("/etc/"+n.name, rest)); err != nil {
				return err
			}
		}
	}
	if !found {
		b.absent(r.path, nil)
	}
	return nil
}

// show adds what path leads to. Only a needed path that is missing is an error.
func (b *builder) show(r *rule, path string) error {
	p, err := b.host.walk(path, b.view.Entries)
	switch {
	case err != nil:
	case p.shown:
		err = b.link(r, path, p)
	case r.kind == file:
		err = b.copy(r, path, p)
	case p.kind != unix.S_IFDIR:
		err = ErrNotFolder
	case r.kind == mounted && !b.host.isMount(p.path):
		return nil
	default:
		b.put(Entry{Path: path, Kind: Overlay, Source: p.path, Why: r.why})
	}
	if err != nil && r.need {
		return &Error{Op: "show", Object: path, Err: err, Hint: "the " + b.view.Layout + " layout can't do without it"}
	}
	if err != nil {
		b.absent(path, err)
	}
	return nil
}

// link adds a link to something shown already. A path below a folder that is
// shown whole is there without it.
func (b *builder) link(r *rule, path string, p place) error {
	if p.path == path {
		if r.kind == mounted && b.host.isMount(path) {
			b.put(Entry{Path: path, Kind: Overlay, Source: path, Why: r.why})
		}
		return nil
	}
	parent, _ := split(path)
	target, err := filepath.Rel(parent, p.path)
	if err != nil {
		return err
	}
	b.put(Entry{Path: path, Kind: Symlink, Target: target, Why: r.why})
	return nil
}

// copy adds a file that everybody may read: a supervisor that is root must not
// copy what the jail's own user could not have opened.
func (b *builder) copy(r *rule, path string, p place) error {
	st, err := b.host.lstat(p.path)
	switch {
	case err != nil:
		return err
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return Fault("is not a regular file")
	case st.Mode&unix.S_IROTH == 0:
		return Fault("not everybody may read it")
	}
	b.put(Entry{Path: path, Kind: Copy, Source: p.path, Mode: 0o444, Why: r.why})
	return nil
}

func (b *builder) put(e Entry) { b.view.Entries = append(b.view.Entries, e) }

func (b *builder) absent(path string, err error) {
	if err != nil && !errors.Is(err, unix.ENOENT) {
		path += ": " + err.Error()
	}
	b.view.Absent = append(b.view.Absent, path)
}

// arrange adds the folders that entries lie in and sorts parents before
// children.
func arrange(entries []Entry) []Entry {
	for i := 0; i < len(entries); i++ { // grows: a parent added may lack its own
		parent, _ := split(entries[i].Path)
		if parent != "/" && !holds(entries, parent) {
			entries = append(entries, Entry{Path: parent, Kind: Dir, Mode: 0o755, Why: "holds " + entries[i].Path})
		}
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		if d := depth(a.Path) - depth(b.Path); d != 0 {
			return d
		}
		return strings.Compare(a.Path, b.Path)
	})
	return entries
}

// holds says whether path is there: as an entry, or below one that shows a
// whole folder.
func holds(entries []Entry, path string) bool {
	for i := range entries {
		e := &entries[i]
		if e.Path == path || (e.Kind == Overlay || e.Kind == Bind) && below(path, e.Path) {
			return true
		}
	}
	return false
}

func below(path, dir string) bool {
	return len(path) > len(dir) && path[:len(dir)] == dir && path[len(dir)] == '/'
}

func depth(path string) int { return strings.Count(path, "/") }
