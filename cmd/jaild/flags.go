package main

import (
	"fmt"
	"io"
	"strings"
)

// flagRow is a row of a command's table of flags, which the parser and the help read.
// R is what a command line asks for.
type flagRow[R any] struct {
	name string // without the dashes
	arg  string // what stands for its value in help; "" for a switch
	help string
	set  func(*R, string) error
}

func switchFlag[R any](field func(*R) *bool) func(*R, string) error {
	return func(r *R, _ string) error { *field(r) = true; return nil }
}

func textFlag[R any](field func(*R) *string) func(*R, string) error {
	return func(r *R, v string) error { *field(r) = v; return nil }
}

// readFlags reads the flags that stand first, "--name value" or "--name=value", and
// gives what follows them.
func readFlags[R any](command string, table []flagRow[R], r *R, args []string) ([]string, error) {
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		a := args[0]
		args = args[1:]
		if a == "--" {
			break
		}
		rest, err := readFlag(command, table, r, a, args)
		if err != nil {
			return nil, err
		}
		args = rest
	}
	return args, nil
}

// readFlag reads one flag, and gives what follows it.
func readFlag[R any](command string, table []flagRow[R], r *R, a string, rest []string) ([]string, error) {
	name, v, given := strings.Cut(strings.TrimPrefix(a[1:], "-"), "=")
	for i := range table {
		f := &table[i]
		switch {
		case f.name != name:
			continue
		case f.arg == "" && given:
			return nil, &Error{Op: "read", Object: a, Err: errValue, Hint: "write --" + name}
		case f.arg != "" && !given:
			if len(rest) == 0 {
				return nil, &Error{Op: "read", Object: a, Err: errNoValue, Hint: "write --" + name + " " + f.arg}
			}
			v, rest = rest[0], rest[1:]
		}
		if f.arg != "" && v == "" {
			return nil, &Error{Op: "read", Object: a, Err: errNoValue, Hint: "write --" + name + " " + f.arg}
		}
		return rest, f.set(r, v)
	}
	return nil, &Error{Op: "read", Object: a, Err: errNoFlag, Hint: `"jaild help ` + command + `" lists them`}
}

func writeFlags[R any](w io.Writer, table []flagRow[R]) {
	for _, f := range table {
		fmt.Fprintf(w, "  %-16s %s\n", strings.TrimSpace("--"+f.name+" "+f.arg), f.help)
	}
}
