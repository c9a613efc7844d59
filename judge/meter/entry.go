package meter

import "bytes"

// A figure is one column that is summed up.
type figure int

const (
	wallNS figure = iota
	cpuNS
	memoryByteNS
	ioReadBytes
	ioWriteBytes
	oomKills
	figures
)

// names are the keys of figures, in records and in reports.
var names = [figures]string{"wall_ns", "cpu_ns", "memory_byte_ns", "io_read_bytes", "io_write_bytes", "oom_kills"}

// entry is what is read of a record: enough for sums, and no more. Its texts
// are parts of the line, if no escape had to be undone. One entry is used for
// many lines.
type entry struct {
	id, start, tenant []byte
	labels            []entryLabel
	unfinished        bool
	value             [figures]sum
	known             [figures]bool
	seen              uint
}

type entryLabel struct{ key, value []byte }

// Which keys were seen, beside figures: bit figures and on.
const (
	seenSchema uint = 1 << (iota + uint(figures))
	seenID
	seenStart
	seenTenant
	seenLabels
	seenState
)

// day is when the run began, as 2026-11-30, in UTC.
func (e *entry) day() []byte { return e.start[:len("2006-01-02")] }

// label gives a label's value, nil where the run has none such.
func (e *entry) label(key string) []byte {
	for i := range e.labels {
		if string(e.labels[i].key) == key {
			return e.labels[i].value
		}
	}
	return nil
}

// parse reads one line. The error is an *Error that says which key is wrong.
func (e *entry) parse(line []byte) error {
	*e = entry{labels: e.labels[:0]}
	s := scanner{text: line}
	err := s.object(e.member)
	if s.space(); err == nil && s.at < len(s.text) {
		err = s.malformed("a line holds one record; there is more behind it")
	}
	if err != nil {
		return err
	}
	return e.complete()
}

// complete refuses a record that can't be filed.
func (e *entry) complete() error {
	for _, need := range [...]struct {
		bit uint
		key string
	}{{seenSchema, "schema"}, {seenID, "id"}, {seenStart, "start"}, {seenTenant, "tenant"}} {
		if e.seen&need.bit == 0 {
			return &Error{Key: need.key, Err: ErrMissing, Hint: "a record has schema, id, start and tenant at least"}
		}
	}
	return nil
}

// member reads the value of one key. Keys of a later version are passed over.
func (e *entry) member(s *scanner, key []byte) (err error) {
	switch string(key) {
	case "schema":
		return e.schema(s)
	case "id":
		e.id, err = e.string(s, "id", seenID)
	case "start":
		e.start, err = e.string(s, "start", seenStart)
		if err == nil && !isTime(e.start) {
			err = refused("start", e.start, "write a time in UTC as 2026-11-30T03:12:00Z")
		}
	case "tenant":
		e.tenant, err = e.string(s, "tenant", seenTenant)
	case "labels":
		if err = e.once("labels", seenLabels); err == nil {
			err = s.object(e.addLabel)
		}
	case "state":
		return e.state(s)
	default:
		return e.other(s, key)
	}
	return err
}

func (e *entry) other(s *scanner, key []byte) error {
	for f := range figures {
		if string(key) == names[f] {
			return e.number(s, f)
		}
	}
	return s.skip(0)
}

func (e *entry) once(key string, bit uint) error {
	if e.seen&bit != 0 {
		return &Error{Key: key, Err: ErrDuplicate, Hint: "a record has each key once"}
	}
	e.seen |= bit
	return nil
}

func (e *entry) string(s *scanner, key string, bit uint) ([]byte, error) {
	if err := e.once(key, bit); err != nil {
		return nil, err
	}
	if s.peek() != '"' {
		return nil, refused(key, s.token(), "want a string")
	}
	return s.string()
}

func (e *entry) schema(s *scanner) error {
	text, err := e.string(s, "schema", seenSchema)
	if err == nil && string(text) != Schema {
		err = refused("schema", text, "this version reads "+Schema)
	}
	return err
}

func (e *entry) state(s *scanner) error {
	text, err := e.string(s, "state", seenState)
	switch {
	case err != nil:
	case string(text) == string(Unfinished):
		e.unfinished = true
	case string(text) != string(Finished):
		err = refused("state", text, "use finished or unfinished")
	}
	return err
}

func (e *entry) addLabel(s *scanner, key []byte) error {
	if e.label(string(key)) != nil {
		return &Error{Key: "labels", Value: string(key), Err: ErrDuplicate, Hint: "a record has each key once"}
	}
	if s.peek() != '"' {
		return refused("labels."+string(key), s.token(), "want a string")
	}
	value, err := s.string()
	e.labels = append(e.labels, entryLabel{key, value})
	return err
}

// number reads a figure, or null for what is not known. Of all figures one may
// need two words of 64 bits.
func (e *entry) number(s *scanner, f figure) error {
	if err := e.once(names[f], 1<<f); err != nil {
		return err
	}
	token := s.token()
	if string(token) == "null" {
		s.at += len(token)
		return nil
	}
	width := 1
	if f == memoryByteNS {
		width = 2
	}
	n, ok := digits(token, width)
	if !ok || len(token) > 1 && token[0] == '0' {
		return refused(names[f], token, "write a whole number from 0 on, or null")
	}
	s.at += len(token)
	e.value[f], e.known[f] = n, true
	return nil
}

func refused(key string, value []byte, hint string) error {
	return &Error{Key: key, Value: string(value), Err: ErrValue, Hint: hint}
}

// isTime says whether a text has the form that records have: RFC 3339 in UTC.
func isTime(b []byte) bool {
	const form = "0000-00-00T00:00:00"
	if len(b) <= len(form) || b[len(b)-1] != 'Z' {
		return false
	}
	for i := range len(form) {
		if isDigit(b[i]) != (form[i] == '0') || form[i] != '0' && form[i] != b[i] {
			return false
		}
	}
	fraction := b[len(form) : len(b)-1]
	return two(b[5:], 1, 12) && two(b[8:], 1, 31) && two(b[11:], 0, 23) && two(b[14:], 0, 59) && two(b[17:], 0, 60) &&
		(len(fraction) == 0 || fraction[0] == '.' && len(fraction) > 1 && allDigits(fraction[1:]))
}

func two(b []byte, least, most byte) bool {
	n := (b[0]-'0')*10 + b[1] - '0'
	return least <= n && n <= most
}

func allDigits(b []byte) bool {
	return bytes.IndexFunc(b, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
