package policy

import "strings"

// Sizes is a list of amounts of bytes, "[KEY=]SIZE,…": for each block device,
// or for each size of huge pages. One without a key is for all that have none of
// their own, and of two for one key the later holds. Empty: no bound.
type Sizes string

// Counts is the same of whole numbers, "[KEY=]N,…".
type Counts string

// Keyed is one entry of Sizes or Counts.
type Keyed struct {
	Key   string // "" for all without an entry of their own
	Value int64  // Unlimited for no bound
}

// Each gives the entries, one a key, in their order.
func (s Sizes) Each() []Keyed { return keyed(string(s), sizeValue) }

// Each gives the entries, one a key, in their order.
func (s Counts) Each() []Keyed { return keyed(string(s), parseCount) }

func sizeValue(s string) (int64, error) {
	n, err := parseSize(s)
	return int64(n), err
}

func keyed(list string, value func(string) (int64, error)) (all []Keyed) {
	for entry := range entries(lastOfEach(list)) {
		key, text := splitEntry(entry)
		n, _ := value(text) // it was checked when it was set
		all = append(all, Keyed{key, n})
	}
	return all
}

func entries(list string) func(func(string) bool) {
	return func(yield func(string) bool) {
		if list == "" {
			return
		}
		for entry := range strings.SplitSeq(list, ",") {
			if !yield(entry) {
				return
			}
		}
	}
}

// splitEntry cuts at the last '=': a device's path may hold one.
func splitEntry(entry string) (key, value string) {
	if i := strings.LastIndexByte(entry, '='); i >= 0 {
		return entry[:i], entry[i+1:]
	}
	return "", entry
}

// lastOfEach leaves of each key the last entry, in its place.
func lastOfEach(list string) string {
	if !strings.Contains(list, ",") {
		return list
	}
	all := strings.Split(list, ",")
	kept := all[:0]
	for i, entry := range all {
		if !setLater(all[i+1:], entry) {
			kept = append(kept, entry)
		}
	}
	return strings.Join(kept, ",")
}

func setLater(later []string, entry string) bool {
	key, _ := splitEntry(entry)
	for _, other := range later {
		if k, _ := splitEntry(other); k == key {
			return true
		}
	}
	return false
}

// add appends a list to a list.
func add[T ~string](to *T, more T) {
	if *to != "" && more != "" {
		*to += ","
	}
	*to += more
}

func parseSizes(s string) (Sizes, error)   { return Sizes(s), Sizes(s).check() }
func parseCounts(s string) (Counts, error) { return Counts(s), Counts(s).check() }

func (s Sizes) check() error  { return checkKeyed(string(s), sizeValue) }
func (s Counts) check() error { return checkKeyed(string(s), parseCount) }

func checkKeyed(list string, value func(string) (int64, error)) error {
	for entry := range entries(list) {
		key, text := splitEntry(entry)
		switch {
		case strings.IndexByte(entry, 0) >= 0:
			return fault(list, ErrNUL, "no name can hold one")
		case strings.HasPrefix(entry, "=") || strings.TrimSpace(key) != key:
			return fault(list, ErrValue, "write NAME=VALUE, or VALUE alone for all")
		}
		if _, err := value(text); err != nil {
			return err
		}
	}
	return nil
}

// keys says which key a list can't have.
func (s Sizes) keys(can func(string) bool, hint string) error { return checkKeys(string(s), can, hint) }
func (s Counts) keys(can func(string) bool, hint string) error {
	return checkKeys(string(s), can, hint)
}

func checkKeys(list string, can func(string) bool, hint string) error {
	for entry := range entries(list) {
		if key, _ := splitEntry(entry); !can(key) {
			return fault(entry, ErrUnknown, hint)
		}
	}
	return nil
}
