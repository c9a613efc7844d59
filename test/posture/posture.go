// Package posture builds the reporter, a program that prints all that it can
// see of itself, and reads its reports.
package posture

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Report is what a process saw of itself: values by key.
type Report map[string]string

// Build compiles the reporter, static, as the file to. It needs gcc.
func Build(ctx context.Context, to string) error {
	_, self, _, _ := runtime.Caller(0)
	source := filepath.Join(filepath.Dir(self), "src", "posture.c")
	out, err := exec.CommandContext(ctx, "gcc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-static", "-o", to, source).CombinedOutput()
	if err != nil {
		return fmt.Errorf("compile %s: %w: is gcc installed? %s", source, err, out)
	}
	return nil
}

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
