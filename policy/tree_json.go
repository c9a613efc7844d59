package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// parseJSON reads a document to a tree. It goes by tokens: Unmarshal would
// lose places, and take the last of two equal keys without a word.
func parseJSON(data []byte) (*node, error) {
	t := jsonTree{data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	t.dec.UseNumber()
	root, err := t.value(0)
	if err != nil {
		return nil, err
	}
	if root.kind != kindTable {
		return nil, at(root.off, "", ErrType, "want a table {…}, got "+string(root.kind))
	}
	if _, off, err := t.next(); !errors.Is(err, io.EOF) {
		return nil, at(off, "", ErrSyntax, "a policy is one value; there is more behind it")
	}
	return root, nil
}

type jsonTree struct {
	data []byte
	dec  *json.Decoder
}

// next gives a token and where it starts: behind the last one, past what
// stands between values.
func (t *jsonTree) next() (json.Token, int, error) {
	off := int(t.dec.InputOffset())
	for off < len(t.data) && strings.IndexByte(" \t\r\n,:", t.data[off]) >= 0 {
		off++
	}
	token, err := t.dec.Token()
	if s, ok := token.(string); ok && lossy(s, t.data[off:t.dec.InputOffset()]) {
		err = at(off, "", ErrNotUTF8, `half a surrogate pair; write both \u escapes`)
	}
	return token, off, err
}

// lossy finds the replacement character where the file has none: the decoder
// puts it for half a surrogate pair without a word.
func lossy(s string, raw []byte) bool {
	n := strings.Count(s, "\ufffd")
	return n > 0 && n > bytes.Count(raw, []byte("\ufffd"))+bytes.Count(bytes.ToLower(raw), []byte(`\ufffd`))
}

func (t *jsonTree) value(depth int) (*node, error) {
	token, off, err := t.next()
	switch {
	case err != nil:
		return nil, t.syntax(off, err)
	case depth > maxDepth:
		return nil, tooDeep(off)
	}
	n := &node{off: off}
	switch v := token.(type) {
	case json.Delim:
		return t.container(n, v, depth)
	case string:
		n.kind, n.text = kindString, v
	case bool:
		n.kind, n.text = kindBool, "false"
		if v {
			n.text = "true"
		}
	case json.Number:
		n.kind, n.text = kindInt, v.String()
		if strings.ContainsAny(n.text, ".eE") {
			n.kind = kindFloat
		}
	default:
		n.kind = kindNull
	}
	return n, nil
}

func (t *jsonTree) container(n *node, open json.Delim, depth int) (*node, error) {
	n.kind = kindTable
	if open == '[' {
		n.kind = kindList
	}
	for t.dec.More() {
		var err error
		if n.kind == kindList {
			var item *node
			item, err = t.value(depth + 1)
			n.list = append(n.list, item)
		} else {
			err = t.member(n, depth)
		}
		if err != nil {
			return nil, err
		}
	}
	if _, off, err := t.next(); err != nil {
		return nil, t.syntax(off, err)
	}
	return n, nil
}

func (t *jsonTree) member(n *node, depth int) error {
	token, off, err := t.next()
	if err != nil {
		return t.syntax(off, err)
	}
	name, _ := token.(string) // the decoder takes nothing else for a key
	val, err := t.value(depth + 1)
	if err == nil {
		err = n.put(name, off, val)
	}
	return err
}

// syntax places an error of the decoder. One between tokens has the offset of
// the wrong byte, one inside a value has the count of the bytes read.
func (t *jsonTree) syntax(off int, err error) error {
	var s *json.SyntaxError
	if m, ok := asMisplaced(err); ok {
		return m
	}
	switch {
	case errors.As(err, &s) && s.Offset == t.dec.InputOffset():
		off = int(s.Offset)
	case errors.As(err, &s):
		off = max(int(s.Offset)-1, 0)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return at(len(t.data), "", ErrSyntax, "the file ends too early")
	}
	return at(min(off, len(t.data)), "", ErrSyntax, err.Error())
}
