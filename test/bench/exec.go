package main

import (
	"context"
	"errors"

	"github.com/jailrun/jail/test/rival"
)

// ordinary is the uid of a user that owns nothing: "nobody".
const ordinary = 65534

// execBounds are those of a launch by bubblewrap's.
var execBounds = []bounds{{50, 1.0, 0.85}, {95, 1.5, 1.0}, {99, 1.5, 1.0}}

var errNoBwrap = errors.New("bwrap is not installed")

// execAs measures a launch of a program that does nothing, with every layer.
func execAs(uid int) func(context.Context, *lab) ([]figure, error) {
	name := "exec, root"
	if uid != 0 {
		name = "exec, ordinary user"
	}
	return func(ctx context.Context, l *lab) ([]figure, error) {
		if l.bwrap == "" {
			return nil, errNoBwrap
		}
		d, err := fight(ctx, l.jailTrue(uid), l.bwrapTrue(uid), l.warm, l.n)
		return contest(name, "bwrap", d, execBounds...), err
	}
}

// version measures the start of the binary itself.
func version(ctx context.Context, l *lab) ([]figure, error) {
	d, err := fight(ctx, command{argv: []string{l.jail, "version"}}, command{argv: []string{l.program("empty")}}, l.warm, l.n)
	return contest("jail version", "empty Go program", d, bounds{50, 1.5, 1.25}), err
}

func (l *lab) jailTrue(uid int) command {
	return command{uid: uid, argv: []string{l.jail, "exec", "--ro", l.dir, "--", l.program("true")}}
}

func (l *lab) bwrapTrue(uid int) command {
	return command{uid: uid, argv: append(l.bwrapArgs(), l.program("true"))}
}

// bwrapArgs asks bubblewrap for the view that jail gives by default.
func (l *lab) bwrapArgs() []string { return append([]string{l.bwrap}, rival.Bwrap(l.dir)...) }
