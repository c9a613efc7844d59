package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/jailrun/jail/test/arm32"
)

// result is what is looked at of jail's (docs/result.md).
type result struct {
	Reason   string `json:"reason"`
	ExitCode *int   `json:"exit_code"`
	Enforced map[string]struct {
		State  string `json:"state"`
		Detail string `json:"detail"`
	} `json:"enforced"`
	Denials []struct {
		Syscall string `json:"syscall"`
		Errno   string `json:"errno"`
	} `json:"denials"`
	Evidence struct {
		Call *struct {
			Arch string `json:"arch"`
		} `json:"call"`
	} `json:"evidence"`
}

// layers is how many walls a jail has.
const layers = 16

// self is this program, where a jail shows it.
const self = "/usr/bin/launch"

// host is where jails are started from.
type host struct {
	dir   string // of files
	group *group
}

// jail runs one, and gives its result, its output and its exit status.
func (h host) jail(args ...string) (result, string, int, error) {
	file := filepath.Join(h.dir, "result")
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return result{}, "", 0, err
	}
	cmd := exec.Command("jail", append([]string{"exec", "--quiet", "--json", file}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Dir = &out, &errs, h.dir
	var e *exec.ExitError
	if err := h.group.run(cmd); err != nil && !errors.As(err, &e) {
		return result{}, "", 0, err
	}
	var r result
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		err = fmt.Errorf("%w: %s", err, errs.String())
	}
	return r, out.String(), cmd.ProcessState.ExitCode(), err
}

// outside shows that what jails refuse is possible here.
func (h host) outside() error {
	out, err := exec.Command(self, "inside").Output()
	var f facts
	if e := json.Unmarshal(out, &f); e != nil {
		return errors.Join(err, e)
	}
	if f.Namespace != "" || f.Mount != "bad address" || f.Listen != "" {
		return fmt.Errorf("%+v", f)
	}
	return nil
}

func (h host) enforced() error {
	r, out, code, err := h.jail("--", self, "inside")
	if err != nil {
		return err
	}
	var f facts
	if err := json.Unmarshal([]byte(out), &f); err != nil {
		return fmt.Errorf("%w: %q, %+v", err, out, r)
	}
	if f.Arch != runtime.GOARCH || f.Host != "jail" || f.Sums != 6 || f.Namespace != "operation not permitted" || f.Mount != "operation not permitted" || f.Listen != "" {
		return fmt.Errorf("inside it was found: %+v", f)
	}
	if r.Reason != "exited" || r.ExitCode == nil || *r.ExitCode != status || code != status {
		return fmt.Errorf("ended as %+v with status %d", r, code)
	}
	return walls(r)
}

// walls holds that every one was read back.
func walls(r result) error {
	if len(r.Enforced) != layers {
		return fmt.Errorf("%d layers, want %d", len(r.Enforced), layers)
	}
	for name, w := range r.Enforced {
		if w.State != "enforced" {
			return fmt.Errorf("%s is %s: %s", name, w.State, w.Detail)
		}
	}
	return nil
}

// foreign runs a program of 32-bit ARM, which runs outside.
func (h host) foreign() error {
	path := filepath.Join(h.dir, "arm32")
	if err := os.WriteFile(path, arm32.Program(), 0o755); err != nil {
		return err
	}
	if err := exec.Command(path).Run(); err != nil {
		return fmt.Errorf("outside: %w", err)
	}
	r, _, code, err := h.jail("./arm32")
	if err != nil {
		return err
	}
	if r.Reason != "syscall" || code != 137 || r.Evidence.Call == nil || r.Evidence.Call.Arch != "arm" {
		return fmt.Errorf("ended as %+v with status %d", r, code)
	}
	return nil
}

// told looks for the mount of inside among the denials.
func (h host) told() error {
	r, _, _, err := h.jail("--", self, "inside")
	if err != nil {
		return err
	}
	var calls []string
	for _, d := range r.Denials {
		calls = append(calls, d.Syscall+" "+d.Errno)
	}
	if !slices.Contains(calls, "mount EPERM") || !slices.Contains(calls, "clone EPERM") {
		return fmt.Errorf("denials are %q", calls)
	}
	return nil
}

func (h host) missing() error {
	r, _, code, err := h.jail("--", "/usr/bin/no-such-program")
	if err == nil && (r.Reason != "setup-failed" || code != 127) {
		return fmt.Errorf("ended as %+v with status %d", r, code)
	}
	return err
}

func (h host) doctor() error {
	cmd := exec.Command("jail", "doctor")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := h.group.run(cmd); err != nil || !strings.Contains(out.String(), "A jail with nothing but defaults works here.") {
		return fmt.Errorf("jail doctor: %v: %s", err, &out)
	}
	return nil
}
