package policy

import "errors"

// A node is a value of a policy file with its place, the same for TOML and
// JSON, so that one decoder with one table of keys reads both.
type node struct {
	kind nodeKind
	off  int    // byte in the file
	text string // of a string, its content; of a number, its digits
	keys []pair // of a table, in the file's order
	list []*node
}

type nodeKind string

const (
	kindString nodeKind = "a string"
	kindInt    nodeKind = "an integer"
	kindFloat  nodeKind = "a number with a point or exponent"
	kindBool   nodeKind = "a boolean"
	kindTime   nodeKind = "a date or time"
	kindNull   nodeKind = "null"
	kindList   nodeKind = "a list"
	kindTable  nodeKind = "a table"
)

// pair is one key of a table.
type pair struct {
	name string
	off  int
	val  *node
}

// maxDepth is more than any policy needs, and bounds the recursion.
const maxDepth = 16

// maxKeys bounds a table; only env has keys of the writer's own.
const maxKeys = 1024

// get finds a key of a table.
func (n *node) get(name string) *node {
	for i := range n.keys {
		if n.keys[i].name == name {
			return n.keys[i].val
		}
	}
	return nil
}

// put adds a key to a table. Tables are searched key by key, so their length
// is bounded.
func (n *node) put(name string, off int, val *node) error {
	switch {
	case n.get(name) != nil:
		return at(off, name, ErrDuplicate, "write it once")
	case len(n.keys) == maxKeys:
		return at(off, name, ErrTooMany, "one table holds 1024 keys at most")
	}
	n.keys = append(n.keys, pair{name, off, val})
	return nil
}

// A misplaced is a mistake at a byte of a file.
type misplaced struct {
	off int
	key string
	err *Error
}

func (m *misplaced) Error() string { return m.err.Error() }

// at marks where a mistake of the file's form stands.
func at(off int, key string, problem Problem, hint string) error {
	return &misplaced{off, key, fault("", problem, hint)}
}

func asMisplaced(err error) (*misplaced, bool) {
	var m *misplaced
	ok := errors.As(err, &m)
	return m, ok
}
