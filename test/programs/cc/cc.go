// Package cc compiles the probe programs of test/programs: small static C
// programs that try one thing each and say what came of it.
package cc

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Error is a probe program that could not be built.
type Error struct {
	Op     string // "list" or "compile"
	Object string // the source
	Err    error
	Hint   string // what to do, or the compiler's own words
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s %s: %v: %s", e.Op, e.Object, e.Err, e.Hint)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Build compiles the named programs into dir, or all of them when none is
// named. Each becomes the file dir/NAME, static, with no library to be found.
func Build(ctx context.Context, dir string, names ...string) error {
	if len(names) == 0 {
		var err error
		if names, err = Names(); err != nil {
			return err
		}
	}
	for _, name := range names {
		if err := compile(ctx, filepath.Join(Sources(), name+".c"), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// Names lists the programs.
func Names() ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(Sources(), "*.c"))
	if err != nil {
		return nil, &Error{Op: "list", Object: Sources(), Err: err, Hint: "run from a checkout"}
	}
	for i, p := range paths {
		paths[i] = strings.TrimSuffix(filepath.Base(p), ".c")
	}
	return paths, nil
}

// Sources is the folder of the C sources, beside this package's own.
func Sources() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(file))
}

func compile(ctx context.Context, source, target string) error {
	out, err := exec.CommandContext(ctx, "gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror",
		"-static", "-pthread", "-o", target, source).CombinedOutput()
	if err != nil {
		return &Error{Op: "compile", Object: source, Err: err, Hint: "is gcc installed? " + strings.TrimSpace(string(out))}
	}
	return nil
}
