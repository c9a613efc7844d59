// Package posture builds the reporter, a program that prints all that it can
// see of itself, and reads its reports.
package posture

import (
	"errors"
	"fmt"
	"strings"
)

// Report is what a process saw of itself: values by key.
type Report map[string]string

// Built is where the reporter lies in a guest of test-vm, which has no compiler.
const Built = "/tests/posture"

// Parse reads a report. Lines of the same key are joined by " + ".
func Parse(text string) (Report, error) {
	r := Report{}
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !ok {
			return nil, fmt.Errorf("read a report: %w: %q", errNoValue, line)
		}
		if old, twice := r[key]; twice {
			value = old + " + " + value
		}
		r[key] = value
	}
	return r, nil
}

var errNoValue = errors.New("a line without value")
