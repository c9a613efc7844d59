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

// Of says what to do about an error, "" if that is not known, and gives its cause without
// the path that an *os.PathError adds, since who asks names the object himself.
func (t Table) Of(err error) (hint string, cause error) {
	err = Cause(err)
	for i := range t {
		if errors.Is(err, t[i].Err) {
			return t[i].Hint, err
		}
	}
	return "", err
}

// Cause is an error without the path that an *os.PathError adds.
func Cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
