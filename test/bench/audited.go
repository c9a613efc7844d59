package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// notifiedCalls is how many suspicious calls are timed at once: fewer than are
// answered without a delay.
const notifiedCalls = "80"

// notified measures a suspicious call beside the same call answered by a loop in C
// that keeps no record.
func notified(ctx context.Context, l *lab) ([]figure, error) {
	prog := l.program("notified")
	d, err := takeTurns(ctx,
		told(ctx, l.jail, "exec", "--quiet", "--ro", l.dir, "--", prog, notifiedCalls),
		told(ctx, prog, notifiedCalls, "alone"), l.warm, l.n)
	return contest(notifiedCalls+" reported calls", "a loop in C", d, bounds{50, 2.0, 1.5}), err
}

// told runs a program that prints how long it took, in nanoseconds.
func told(ctx context.Context, argv ...string) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).Output()
		if err != nil {
			return 0, fmt.Errorf("%s: %w", argv[0], err)
		}
		n, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
		return time.Duration(n), err
	}
}

// audited measures a launch that is written into an audit log, beside one that is
// not.
func audited(ctx context.Context, l *lab) ([]figure, error) {
	with := command{argv: []string{l.jail, "exec", "--audit", filepath.Join(l.dir, "audit.jsonl"), "--ro", l.dir, "--", l.program("true")}}
	d, err := fight(ctx, with, l.jailTrue(0), l.warm, l.n)
	return contest("launch with an audit log", "without", d, bounds{50, 1.05, 1.02}), err
}
