// Package hint says what to do about causes, by tables.
package hint

import (
	"errors"
	"os"
)

// Table has a hint for each of some causes. The first that an error wraps holds.
type Table []struct {
	Err  error
	Hint string
}

// Of is the cause of an error without the path that an *os.PathError adds, since who asks
// names the object himself, and what to do about it: "" if that is not known.
func (t Table) Of(err error) (cause error, hint string) {
	var p *os.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	for i := range t {
		if errors.Is(err, t[i].Err) {
			return err, t[i].Hint
		}
	}
	return err, ""
}
