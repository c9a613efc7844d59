package meter

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what a caller files a run under, so that a record fits its place in
// the table: bytes as JSON writes them.
const (
	mostTenant = 256
	mostLabels = 8
	mostKey    = 64
	mostLabel  = 896 // of all labels together
)

// CheckTenant refuses a name that no record can hold.
func CheckTenant(name string) error {
	switch {
	case !utf8.ValidString(name):
		return &Error{Key: "tenant", Value: name, Err: ErrValue, Hint: "a name is UTF-8"}
	case jsonLength(name) > mostTenant:
		return &Error{Key: "tenant", Value: name, Err: ErrTooLong, Hint: "a name has at most 254 bytes, fewer where JSON escapes some"}
	}
	return nil
}

// ParseLabel reads KEY=VALUE.
func ParseLabel(text string) (Label, error) {
	key, value, ok := strings.Cut(text, "=")
	switch {
	case !ok:
		return Label{}, &Error{Key: "label", Value: text, Err: ErrValue, Hint: "write KEY=VALUE, as course=algorithms"}
	case !IsLabelKey(key):
		return Label{}, &Error{Key: "label", Value: text, Err: ErrValue, Hint: "a key has 1 to 64 letters, digits and any of . _ -, as course=algorithms"}
	case !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl):
		return Label{}, &Error{Key: "label", Value: text, Err: ErrValue, Hint: "a value is UTF-8 without control characters"}
	case jsonLength(value) > mostTenant:
		return Label{}, &Error{Key: "label", Value: text, Err: ErrTooLong, Hint: "a value has at most 254 bytes, fewer where JSON escapes some"}
	}
	return Label{key, value}, nil
}

// AddLabel appends a label, each key once.
func AddLabel(labels []Label, l Label) ([]Label, error) {
	all := len(appendLabels(nil, append(labels[:len(labels):len(labels)], l)))
	for _, old := range labels {
		if old.Key == l.Key {
			return nil, &Error{Key: "label", Value: l.Key, Err: ErrDuplicate, Hint: "write each key once"}
		}
	}
	if len(labels) == mostLabels || all > mostLabel {
		return nil, &Error{Key: "labels", Err: ErrTooMany, Hint: "a run has at most 8, of 896 bytes in all"}
	}
	return append(labels, l), nil
}

// IsLabelKey says whether a label can have such a key.
func IsLabelKey(key string) bool {
	return key != "" && len(key) <= mostKey && !strings.ContainsFunc(key, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
	})
}

func jsonLength(s string) int {
	b, _ := json.Marshal(s) // no string fails
	return len(b)
}
