package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/jailrun/jail/test/programs/cc"
)

// lab is a folder with all that the rows launch. Every user may read it.
type lab struct {
	n, warm int
	dir     string
	jail    string
	built   string // jail where it was built, with jaild beside it
	bwrap   string // "" when there is none
	self    string
}

// programs are those of test/programs that the rows run.
var programs = []string{"true", "burn", "brood", "notified"}

func newLab(ctx context.Context, o options) (*lab, error) {
	// Not below /tmp: every launch has a /tmp of its own there.
	dir, err := os.MkdirTemp("/var/tmp", "jail-bench-")
	if err != nil {
		return nil, err
	}
	l := &lab{n: o.n, warm: max(10, o.n/10), dir: dir, built: o.jail}
	if o.quick {
		l.n, l.warm = 20, 3
	}
	if err := l.fill(ctx, o.jail); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *lab) fill(ctx context.Context, jail string) (err error) {
	if err := os.Chmod(l.dir, 0o755); err != nil {
		return err
	}
	if err := cc.Build(ctx, l.dir, programs...); err != nil {
		return err
	}
	if err := l.buildEmpty(ctx); err != nil {
		return err
	}
	l.jail = filepath.Join(l.dir, "jail")
	if err := copyProgram(jail, l.jail); err != nil {
		return fmt.Errorf(`%w: build it first ("make build")`, err)
	}
	if err := copyProgram(jail+"d", l.jail+"d"); err != nil {
		return fmt.Errorf(`%w: build it first ("make build")`, err)
	}
	l.bwrap, _ = exec.LookPath("bwrap")
	l.self, err = os.Executable()
	return err
}

func (l *lab) close() { _ = os.RemoveAll(l.dir) }

// program is the path of one of test/programs.
func (l *lab) program(name string) string { return filepath.Join(l.dir, name) }

// buildEmpty compiles the least Go program: what a Go start costs by itself.
func (l *lab) buildEmpty(ctx context.Context) error {
	source := filepath.Join(l.dir, "empty.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o644); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", l.program("empty"), source)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build an empty Go program: %w: %s", err, out)
	}
	return nil
}

// copyProgram brings the measured jail to where an ordinary user can read it,
// and where a build in the meantime does not change it.
func copyProgram(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o755)
}
