package meter

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// mostConfig bounds what is read of a file of budgets or prices.
const mostConfig = 4 << 20

// setting is one value of a TOML file with its place. The text of a number is
// its own, so that nothing is rounded.
type setting struct {
	keys  []string // from the root on
	text  string
	line  int
	table bool // the head of a table, which may stay empty
}

// wrong is a mistake in a setting.
func (s *setting) wrong(file string, problem Problem, hint string) error {
	return &Error{Object: file, Line: s.line, Key: strings.Join(s.keys, "."), Value: s.text, Err: problem, Hint: hint}
}

// loadTOML reads a file's settings, in their order.
func loadTOML(path string) ([]setting, error) {
	f, err := safepath.OpenInput(path, nil)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostConfig+1))
	switch {
	case err != nil:
		return nil, failed("read", f, err)
	case len(text) > mostConfig:
		return nil, &Error{Op: "read", Object: path, Err: ErrTooLong, Hint: "it has at most 4 MiB"}
	}
	return readTOML(path, text)
}

// readTOML has Unmarshal go first: it knows what may be defined twice, of which
// the parser of expressions, which knows places, knows nothing.
func readTOML(path string, text []byte) ([]setting, error) {
	var whole map[string]any
	if err := toml.Unmarshal(text, &whole); err != nil {
		return nil, malformed(path, err)
	}
	t := tree{file: path, text: text}
	t.parser.Reset(text)
	for t.parser.NextExpression() {
		t.expression(t.parser.Expression())
	}
	return t.found, t.err
}

func malformed(path string, err error) error {
	e := &Error{Object: path, Err: ErrSyntax, Hint: strings.TrimPrefix(err.Error(), "toml: ")}
	var d *toml.DecodeError
	if errors.As(err, &d) {
		e.Line, _ = d.Position()
		e.Key = strings.Join(d.Key(), ".")
	}
	return e
}

// tree gathers the settings of a file, each of which stands in the current table.
type tree struct {
	file   string
	text   []byte
	parser unstable.Parser
	table  []string
	found  []setting
	err    error // the first
}

func (t *tree) expression(e *unstable.Node) {
	switch e.Kind {
	case unstable.Table:
		keys, line := t.names(nil, e.Key())
		t.table = keys
		t.found = append(t.found, setting{keys: keys, line: line, table: true})
	case unstable.KeyValue:
		t.keyValue(t.table, e)
	case unstable.ArrayTable:
		keys, line := t.names(nil, e.Key())
		t.fail(&setting{keys: keys, line: line}, "write one table, in single brackets")
	}
}

func (t *tree) names(table []string, keys unstable.Iterator) (names []string, line int) {
	names = append(names, table...)
	for keys.Next() {
		k := keys.Node()
		names = append(names, string(k.Data))
		line = bytes.Count(t.text[:k.Raw.Offset], []byte("\n")) + 1
	}
	return names, line
}

func (t *tree) keyValue(table []string, e *unstable.Node) {
	keys, line := t.names(table, e.Key())
	v := e.Value()
	s := setting{keys: keys, line: line, text: string(v.Data)}
	switch v.Kind {
	case unstable.String, unstable.Integer, unstable.Float:
		t.found = append(t.found, s)
	case unstable.InlineTable:
		s.table = true
		t.found = append(t.found, s)
		for children := v.Children(); children.Next(); {
			t.keyValue(keys, children.Node())
		}
	default:
		t.fail(&s, "want a string or a number")
	}
}

func (t *tree) fail(s *setting, hint string) {
	if t.err == nil {
		t.err = s.wrong(t.file, ErrValue, hint)
	}
}
