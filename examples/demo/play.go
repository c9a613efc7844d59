package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// outcome is how a case ended.
type outcome struct {
	result         account
	exit           int
	stdout, stderr string
	err            error // the case could not be run
}

// patience is with one jail. Every jail has limits of its own; this one is for
// a jail that is broken.
const patience = 30 * time.Second

// play brings a program into a form that can run, and runs it.
func (s *stage) play(ctx context.Context, c demoCase) outcome {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	argv, err := s.prepare(ctx, filepath.Join(s.programs, c.program))
	if err != nil {
		return outcome{err: err}
	}
	input, err := os.Open(filepath.Join(s.programs, "input.txt"))
	if err != nil {
		return outcome{err: err}
	}
	defer input.Close()
	flags := append([]string{"--wall", "10s", "--ro", argv[len(argv)-1]}, c.flags...)
	return s.exec(ctx, input, flags, argv)
}

// interpreters run a source as it is; compilers make a program of it first.
var (
	interpreters = map[string]string{".py": "python3", ".js": "node"}
	compilers    = map[string]string{".c": "gcc", ".cpp": "g++"}
)

// prepare gives the command line that runs a source; its last word is the one
// file that the jail must be shown.
func (s *stage) prepare(ctx context.Context, source string) ([]string, error) {
	kind := filepath.Ext(source)
	if interpreter, ok := interpreters[kind]; ok {
		return []string{interpreter, source}, nil
	}
	compiler, ok := compilers[kind]
	if !ok {
		return nil, fmt.Errorf("%s: no way to run a %q", source, kind)
	}
	program, err := s.compile(ctx, compiler, source)
	return []string{program}, err
}

// compile runs the compiler in a jail too, for a source can attack a compiler.
// The program comes out by standard output: the jail has no folder of ours that
// it could write to.
func (s *stage) compile(ctx context.Context, compiler, source string) (string, error) {
	const script = `"$1" -O2 -static -o /box/program "$2" && cat /box/program`
	o := s.exec(ctx, nil, []string{"--cpu", "20s", "--memory", "1G", "--ro", source}, []string{"sh", "-c", script, "sh", compiler, source})
	if o.err != nil {
		return "", o.err
	}
	if o.exit != 0 {
		said := o.result.trouble()
		if said == "" {
			said = ": " + clip(strings.TrimSpace(o.stderr))
		}
		return "", fmt.Errorf("%s in a jail: %s%s", compiler, o.result.Reason, said)
	}
	program := filepath.Join(s.dir, strings.TrimSuffix(filepath.Base(source), filepath.Ext(source)))
	return program, os.WriteFile(program, []byte(o.stdout), 0o755)
}

// exec is "jail exec", with its account by --json.
func (s *stage) exec(ctx context.Context, stdin *os.File, flags, argv []string) outcome {
	file := filepath.Join(s.dir, "result.json")
	defer os.Remove(file)
	args := append([]string{"exec", "--quiet", "--json", file}, flags...)
	cmd := exec.CommandContext(ctx, s.jail, append(append(args, "--"), argv...)...)
	out, errs := &bounded{}, &bounded{}
	cmd.Stdout, cmd.Stderr = out, errs
	if stdin != nil {
		cmd.Stdin = stdin
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return outcome{err: err}
	}
	o := outcome{exit: cmd.ProcessState.ExitCode(), stdout: out.String(), stderr: errs.String()}
	o.result, o.err = readAccount(file)
	if o.err != nil && o.stderr != "" {
		o.err = fmt.Errorf("%w; jail said: %s", o.err, clip(o.stderr))
	}
	return o
}

func readAccount(file string) (account, error) {
	var a account
	data, err := os.ReadFile(file)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return a, fmt.Errorf("read %s: %w", file, err)
	}
	return a, nil
}

// bounded keeps what comes, up to a bound that no jail here may reach.
type bounded struct{ bytes.Buffer }

const bound = 64 << 20

var errFlooded = errors.New("the jail let more than 64 MiB through")

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > bound {
		return 0, errFlooded
	}
	return b.Buffer.Write(p)
}
