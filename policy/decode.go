package policy

import "strings"

// maxErrors bounds what one broken file can make a reader read.
const maxErrors = 100

// decoder turns one file's tree to a Policy, and gathers what is wrong.
type decoder struct {
	file     string
	dir      string // of the file; relative sources start there
	data     []byte
	errs     []error
	includes []include
	out      *Policy
}

// include is a file to merge first, and where it was asked for.
type include struct {
	path string
	off  int
}

// field is one key of a table and what reads it.
type field struct {
	key  string
	read func(d *decoder, key string, n *node)
}

// fields are the keys of a policy file.
var fields = [...]field{
	{"include", func(d *decoder, key string, n *node) {
		d.strings(key, n, func(item *node) { d.includes = append(d.includes, include{item.text, item.off}) }, checkIncluded)
	}},
	{"profile", func(d *decoder, key string, n *node) { decodeEnum(d, key, n, &d.out.Profile, profiles[:]) }},
	{"layers", (*decoder).layers},
	{"limits", (*decoder).limits},
	{"net", func(d *decoder, key string, n *node) { decodeEnum(d, key, n, &d.out.Net, nets[:]) }},
	{"denials", func(d *decoder, key string, n *node) { decodeEnum(d, key, n, &d.out.Denials, denials[:]) }},
	{"view", func(d *decoder, key string, n *node) { decodeEnum(d, key, n, &d.out.View, views[:]) }},
	{"image", func(d *decoder, key string, n *node) { d.text(key, n, &d.out.Image, checkImage) }},
	{"root", func(d *decoder, key string, n *node) { decodeEnum(d, key, n, &d.out.Root, roots[:]) }},
	{"state", func(d *decoder, key string, n *node) { d.text(key, n, &d.out.State, checkState) }},
	{"state_size", (*decoder).stateSize},
	{"user", func(d *decoder, key string, n *node) { decodeEnum(d, key, n, &d.out.User, users[:]) }},
	{"capabilities", func(d *decoder, key string, n *node) {
		d.strings(key, n, func(item *node) { d.out.Capabilities = append(d.out.Capabilities, item.text) }, checkCapability)
	}},
	{"files", (*decoder).files},
	{"env", (*decoder).env},
	{"pass_env", func(d *decoder, key string, n *node) {
		d.strings(key, n, func(item *node) { d.out.PassEnv = append(d.out.PassEnv, item.text) }, checkEnvName)
	}},
	{"chdir", func(d *decoder, key string, n *node) { d.text(key, n, &d.out.Chdir, checkInside) }},
	{"hostname", func(d *decoder, key string, n *node) { d.text(key, n, &d.out.Hostname, checkHostname) }},
	{"group", func(d *decoder, key string, n *node) { d.text(key, n, &d.out.Group, checkGroup) }},
	{"verify", func(d *decoder, key string, n *node) { decodeEnum(d, key, n, &d.out.Verify, verifies[:]) }},
	{"seccomp", func(d *decoder, key string, n *node) { d.table(key, n, seccompFields[:]) }},
	{"hardware", func(d *decoder, key string, n *node) { d.table(key, n, hardwareFields[:]) }},
}

var seccompFields = [...]field{
	{"on_suspicious", func(d *decoder, key string, n *node) {
		decodeEnum(d, key, n, &d.out.Seccomp.OnSuspicious, suspicious[:])
	}},
	{"kill_after", func(d *decoder, key string, n *node) {
		if !d.want(key, n, kindInt) {
			return
		}
		if err := setKillAfter(d.out, n.text); err != nil {
			d.fail(n.off, key, err)
		}
	}},
	{"allow", func(d *decoder, key string, n *node) {
		d.strings(key, n, func(item *node) { d.out.Seccomp.allow(item.text) }, checkAllow)
	}},
}

var hardwareFields = [...]field{
	{"core_scheduling", func(d *decoder, key string, n *node) { d.flag(key, n, &d.out.Hardware.CoreScheduling) }},
	{"speculation_control", func(d *decoder, key string, n *node) { d.flag(key, n, &d.out.Hardware.SpeculationControl) }},
}

// fail keeps a mistake with its place.
func (d *decoder) fail(off int, key string, err error) {
	if len(d.errs) > maxErrors {
		return
	}
	if len(d.errs) == maxErrors {
		err, key = fault("", ErrTooMany, "100 mistakes are shown; mend them first"), ""
	}
	e := placed(err)
	e.File, e.Key = d.file, key
	e.Line, e.Column = position(d.data, off)
	d.errs = append(d.errs, e)
}

// position counts lines and columns, both from 1.
func position(data []byte, off int) (line, column int) {
	before := string(data[:min(off, len(data))])
	return strings.Count(before, "\n") + 1, len(before) - strings.LastIndexByte(before, '\n')
}

// want checks a value's type.
func (d *decoder) want(key string, n *node, kind nodeKind) bool {
	if n.kind == kind {
		return true
	}
	d.fail(n.off, key, fault("", ErrType, "want "+string(kind)+", got "+string(n.kind)))
	return false
}

// table reads each key by its row, and refuses those without one.
func (d *decoder) table(key string, n *node, rows []field) {
	if !d.want(key, n, kindTable) {
		return
	}
	for _, p := range n.keys {
		if row := find(rows, p.name); row != nil {
			row.read(d, join(key, p.name), p.val)
			continue
		}
		d.fail(p.off, join(key, quoteKey(p.name)), fault("", ErrUnknownKey, hintFor(key, p.name, keysOf(rows))))
	}
}

func find(rows []field, key string) *field {
	for i := range rows {
		if rows[i].key == key {
			return &rows[i]
		}
	}
	return nil
}

func keysOf(rows []field) []string {
	names := make([]string, len(rows))
	for i := range rows {
		names[i] = rows[i].key
	}
	return names
}

// hintFor names the nearest key; one that belongs to [limits] or [layers] is
// often written above them.
func hintFor(table, key string, names []string) string {
	if table == "" {
		switch {
		case limitRow(key) != nil:
			return "it belongs in the table limits"
		case checkLevel(Layer(key), "") == nil:
			return "it belongs in the table layers"
		}
	}
	return nearestHint(key, names)
}

func join(table, key string) string {
	if table == "" {
		return key
	}
	return table + "." + key
}

// quoteKey shows a key that no table of ours has.
func quoteKey(s string) string {
	if s != "" && len(s) < 40 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == "" {
		return s
	}
	return quote(s)
}

// text reads a string that check allows.
func (d *decoder) text(key string, n *node, to *string, check func(string) error) {
	if !d.want(key, n, kindString) {
		return
	}
	err := check(n.text)
	switch {
	case n.text == "":
		d.fail(n.off, key, fault("", ErrMissing, "write a value, or leave the key out for the default"))
	case err != nil:
		d.fail(n.off, key, err)
	default:
		*to = n.text
	}
}

func (d *decoder) flag(key string, n *node, to *bool) {
	if d.want(key, n, kindBool) {
		*to = n.text == "true"
	}
}

func decodeEnum[T ~string](d *decoder, key string, n *node, to *T, allowed []T) {
	if !d.want(key, n, kindString) {
		return
	}
	if err := setEnum(to, n.text, allowed); err != nil {
		d.fail(n.off, key, err)
	}
}

// strings gives each string of a list that check allows to add.
func (d *decoder) strings(key string, n *node, add func(*node), check func(string) error) {
	if !d.want(key, n, kindList) {
		return
	}
	for i, item := range n.list {
		if !d.want(index(key, i), item, kindString) {
			continue
		}
		if err := check(item.text); err != nil {
			d.fail(item.off, index(key, i), err)
			continue
		}
		add(item)
	}
}

func checkIncluded(s string) error {
	switch {
	case s == "":
		return fault("", ErrMissing, "write a policy file's path, relative to this file")
	case strings.IndexByte(s, 0) >= 0:
		return fault(s, ErrNUL, "no path can hold one")
	}
	return nil
}
