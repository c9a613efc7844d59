package result

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// decoder reads one result, key by key. encoding/json alone would take a key
// twice, in another case, or not at all.
type decoder struct {
	reader *Reader
	prefix string // of keys, in an array
}

// addedLater are the keys that results of this schema have not always had.
var addedLater = []string{"watched", "watch_error", "image", "state", "state_error", "copied", "evidence.state", "evidence.last_words", "evidence.last_words_more"}

// closedSet is a text of which only some are known.
type closedSet interface{ known() bool }

// result reads what follows its opening bracket.
func (d *decoder) result() (*Result, error) {
	r := &Result{}
	if err := d.object(reflect.ValueOf(r).Elem(), d.prefix); err != nil {
		return nil, err
	}
	return r, nil
}

// object reads members up to the closing bracket.
func (d *decoder) object(v reflect.Value, path string) error {
	seen := make([]bool, v.NumField())
	for {
		t, err := d.token(path)
		if err != nil {
			return err
		}
		if t == json.Delim('}') {
			return d.whole(v, seen, path)
		}
		name, _ := t.(string) // the decoder lets nothing else be a key
		if err := d.member(v, seen, path, name); err != nil {
			return err
		}
	}
}

func (d *decoder) member(v reflect.Value, seen []bool, path, name string) error {
	key, i := below(path, name), fieldNamed(v.Type(), name)
	if i < 0 {
		return d.skip(key)
	}
	if seen[i] {
		return d.fail(key, "", ErrDuplicate, "")
	}
	seen[i] = true
	if err := d.value(v.Field(i), key); err != nil {
		return err
	}
	if key == below(d.prefix, "schema") && v.Field(i).String() != Schema {
		return d.fail(key, v.Field(i).String(), ErrSchema, "this version reads "+Schema)
	}
	return nil
}

// whole says which key is missing of an object, the schema before others: what
// has none is no result.
func (d *decoder) whole(v reflect.Value, seen []bool, path string) error {
	for i, there := range seen {
		key := below(path, v.Type().Field(i).Tag.Get("json"))
		if there || slices.Contains(addedLater, strings.TrimPrefix(key, below(d.prefix, ""))) {
			continue
		}
		hint := ""
		if i == 0 && path == d.prefix {
			hint = hintFile
		}
		return d.fail(key, "", ErrMissing, hint)
	}
	return nil
}

// value reads one value into v.
func (d *decoder) value(v reflect.Value, key string) error {
	t, err := d.token(key)
	if err != nil {
		return err
	}
	return d.set(v, t, key)
}

func (d *decoder) set(v reflect.Value, t json.Token, key string) error {
	switch v.Kind() {
	case reflect.Pointer:
		if t == nil {
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		return d.set(v.Elem(), t, key)
	case reflect.Slice:
		return d.list(v, t, key)
	case reflect.Struct:
		if t != json.Delim('{') {
			return d.wrong(key, t, "an object")
		}
		return d.object(v, key)
	case reflect.Bool:
		b, ok := t.(bool)
		if !ok {
			return d.wrong(key, t, "true or false")
		}
		v.SetBool(b)
		return nil
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return d.text(u, t, key)
	}
	if v.Kind() == reflect.String {
		return d.str(v, t, key)
	}
	return d.number(v, t, key)
}

// list reads an array; null is the list that was never made.
func (d *decoder) list(v reflect.Value, t json.Token, key string) error {
	if t == nil {
		return nil
	}
	if t != json.Delim('[') {
		return d.wrong(key, t, "a list")
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	for i := 0; ; i++ {
		at := key + "[" + strconv.Itoa(i) + "]"
		t, err := d.token(at)
		if err != nil || t == json.Delim(']') {
			return err
		}
		one := reflect.New(v.Type().Elem()).Elem()
		if err := d.set(one, t, at); err != nil {
			return err
		}
		v.Set(reflect.Append(v, one))
	}
}

func (d *decoder) text(u encoding.TextUnmarshaler, t json.Token, key string) error {
	s, ok := t.(string)
	if !ok {
		return d.wrong(key, t, "a string")
	}
	if err := u.UnmarshalText([]byte(s)); err != nil {
		return d.fail(key, s, ErrUnknown, "was it written on another architecture?")
	}
	return nil
}

func (d *decoder) str(v reflect.Value, t json.Token, key string) error {
	s, ok := t.(string)
	if !ok {
		return d.wrong(key, t, "a string")
	}
	v.SetString(s)
	if c, ok := v.Interface().(closedSet); ok && !c.known() {
		return d.fail(key, s, ErrUnknown, "was it written by a newer jail?")
	}
	return nil
}

func (d *decoder) number(v reflect.Value, t json.Token, key string) error {
	n, ok := t.(json.Number)
	if !ok {
		return d.wrong(key, t, "a number")
	}
	if v.CanUint() {
		u, err := strconv.ParseUint(string(n), 10, v.Type().Bits())
		if err != nil {
			return d.wrong(key, t, "a whole number that is not negative")
		}
		v.SetUint(u)
		return nil
	}
	i, err := strconv.ParseInt(string(n), 10, v.Type().Bits())
	if err != nil {
		return d.wrong(key, t, "a whole number of 64 bits at most")
	}
	v.SetInt(i)
	return nil
}

// mostUnknown bounds the keys that are told of.
const mostUnknown = 8

// skip passes over the value of a key that is not known.
func (d *decoder) skip(key string) error {
	if len(d.reader.unknown) < mostUnknown {
		d.reader.unknown = append(d.reader.unknown, shorten(key))
	}
	for depth := 0; ; {
		t, err := d.token(key)
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

func (d *decoder) token(key string) (json.Token, error) {
	t, err := d.reader.dec.Token()
	if err != nil {
		return nil, d.reader.syntax(key, err)
	}
	return t, nil
}

func (d *decoder) wrong(key string, t json.Token, want string) error {
	value := ""
	switch t := t.(type) {
	case json.Number:
		value = string(t)
	case string:
		value = t
	}
	return d.fail(key, value, ErrType, "it is to be "+want)
}

func (d *decoder) fail(key, value string, p ReadProblem, hint string) error {
	return d.reader.fail(&ReadError{Key: key, Value: value, Err: p, Hint: hint})
}

// fieldNamed gives the field with a key, or -1.
func fieldNamed(t reflect.Type, key string) int {
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("json") == key {
			return i
		}
	}
	return -1
}

func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (r Reason) known() bool {
	for i := range verdicts {
		if verdicts[i].Reason == r {
			return true
		}
	}
	return false
}

func (s State) known() bool { return s == StateEnforced || s == StateAbsent || s == StateOff }

func (d Doing) known() bool {
	switch d {
	case DoingRun, DoingWait, DoingDisk, DoingStopped, DoingEnded, DoingUnknown:
		return true
	}
	return false
}
