package policy

import (
	"errors"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// parseTOML reads a document to a tree. Unmarshal goes first: it knows all of
// TOML's rules on what may be defined twice, of which the parser of expressions
// knows none.
func parseTOML(data []byte) (*node, error) {
	var whole map[string]any
	if err := toml.Unmarshal(data, &whole); err != nil {
		return nil, tomlError(data, err)
	}
	root := &node{kind: kindTable}
	t := tomlTree{current: root, root: root}
	t.parser.Reset(data)
	for t.parser.NextExpression() {
		if err := t.expression(t.parser.Expression()); err != nil {
			return nil, err
		}
	}
	if err := t.parser.Error(); err != nil {
		return nil, at(0, "", ErrSyntax, err.Error())
	}
	return root, nil
}

// tomlError finds the byte that the decoder's line and column mean.
func tomlError(data []byte, err error) error {
	var d *toml.DecodeError
	if !errors.As(err, &d) {
		return at(0, "", ErrSyntax, err.Error())
	}
	line, column := d.Position()
	off := 0
	for ; line > 1 && off < len(data); off++ {
		if data[off] == '\n' {
			line--
		}
	}
	return at(min(off+max(column-1, 0), len(data)), strings.Join(d.Key(), "."), ErrSyntax, strings.TrimPrefix(d.Error(), "toml: "))
}

// tomlTree gathers expressions, each of which stands in the current table.
type tomlTree struct {
	parser        unstable.Parser
	root, current *node
}

func (t *tomlTree) expression(e *unstable.Node) error {
	var err error
	switch e.Kind {
	case unstable.Table:
		t.current, err = t.descend(t.root, e.Key(), false)
	case unstable.ArrayTable:
		t.current, err = t.descend(t.root, e.Key(), true)
	case unstable.KeyValue:
		err = t.keyValue(t.current, e, 0)
	}
	return err
}

// descend walks to the table that a dotted key names, and makes what isn't
// there yet; with appended, the last one is a new table of a list.
func (t *tomlTree) descend(n *node, keys unstable.Iterator, appended bool) (*node, error) {
	for depth := 0; keys.Next(); depth++ {
		k := keys.Node()
		if depth > maxDepth {
			return nil, tooDeep(int(k.Raw.Offset))
		}
		next, err := step(n, string(k.Data), int(k.Raw.Offset), appended && keys.IsLast())
		if err != nil {
			return nil, err
		}
		n = next
	}
	return n, nil
}

func step(n *node, name string, off int, appended bool) (*node, error) {
	next := n.get(name)
	if next == nil {
		next = &node{kind: kindTable, off: off}
		if appended {
			next.kind = kindList
		}
		if err := n.put(name, off, next); err != nil {
			return nil, err
		}
	}
	switch {
	case appended && next.kind == kindList:
		table := &node{kind: kindTable, off: off}
		next.list = append(next.list, table)
		return table, nil
	case next.kind == kindTable && !appended:
		return next, nil
	case next.kind == kindList && len(next.list) > 0 && next.list[len(next.list)-1].kind == kindTable:
		return next.list[len(next.list)-1], nil // [a.b] goes on in the last [[a]]
	}
	return nil, at(off, name, ErrDuplicate, "it is "+string(next.kind)+" already")
}

// keyValue puts `a.b = value` into table n.
func (t *tomlTree) keyValue(n *node, e *unstable.Node, depth int) error {
	keys := e.Key()
	for keys.Next() {
		k := keys.Node()
		name, off := string(k.Data), int(k.Raw.Offset)
		if keys.IsLast() {
			val, err := t.value(e.Value(), off, depth+1)
			if err == nil {
				err = n.put(name, off, val)
			}
			return err
		}
		next, err := step(n, name, off, false)
		if err != nil {
			return err
		}
		n = next
	}
	return nil
}

// value copies a value; off stands in where the parser keeps no place.
func (t *tomlTree) value(v *unstable.Node, off, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, tooDeep(off)
	}
	if v.Raw.Length > 0 {
		off = int(v.Raw.Offset)
	}
	n := &node{kind: tomlKind(v.Kind), off: off, text: string(v.Data)}
	children := v.Children()
	switch v.Kind {
	case unstable.Array:
		for children.Next() {
			item, err := t.value(children.Node(), off, depth+1)
			if err != nil {
				return nil, err
			}
			n.list = append(n.list, item)
		}
	case unstable.InlineTable:
		for children.Next() {
			if err := t.keyValue(n, children.Node(), depth+1); err != nil {
				return nil, err
			}
		}
	case unstable.Integer:
		n.text = decimal(n.text)
	}
	return n, nil
}

func tomlKind(k unstable.Kind) nodeKind {
	switch k {
	case unstable.String:
		return kindString
	case unstable.Bool:
		return kindBool
	case unstable.Integer:
		return kindInt
	case unstable.Float:
		return kindFloat
	case unstable.Array:
		return kindList
	case unstable.InlineTable:
		return kindTable
	}
	return kindTime
}

// decimal turns +1_000 and 0x10 to plain digits.
func decimal(s string) string {
	n, err := strconv.ParseInt(strings.ReplaceAll(s, "_", ""), 0, 64)
	if err != nil {
		return s
	}
	return strconv.FormatInt(n, 10)
}

func tooDeep(off int) error {
	return at(off, "", ErrTooMany, "a policy needs three levels of nesting")
}
