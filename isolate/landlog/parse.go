package landlog

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"strings"
)

// record is one line of the kernel's audit: its event's serial, and its fields.
type record struct {
	serial string
	fields string
}

// parse splits "audit(1730000000.123:456): domain=1a2b …".
func parse(text []byte) (r record, ok bool) {
	text = bytes.TrimRight(text, "\x00\n")
	rest, ok := bytes.CutPrefix(text, []byte("audit("))
	if !ok {
		return r, false
	}
	id, fields, ok := bytes.Cut(rest, []byte("):"))
	return record{string(id), strings.TrimSpace(string(fields))}, ok
}

// field gives a value: a bare word, what stands in quotes, or what the kernel has
// written in hexadecimal because it could break a line (audit_log_untrustedstring).
func (r *record) field(name string) string {
	rest := " " + r.fields
	_, rest, ok := strings.Cut(rest, " "+name+"=")
	if !ok {
		return ""
	}
	if quoted, is := strings.CutPrefix(rest, `"`); is {
		value, _, _ := strings.Cut(quoted, `"`)
		return value
	}
	value, _, _ := strings.Cut(rest, " ")
	return value
}

// path gives a file's name.
func (r *record) path() string {
	if strings.Contains(" "+r.fields, ` path="`) {
		return r.field("path")
	}
	value := r.field("path")
	if text, err := hex.DecodeString(value); err == nil {
		return string(text)
	}
	return value
}

func (r *record) number(name string) int64 {
	n, err := strconv.ParseInt(r.field(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
