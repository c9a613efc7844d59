package seccomp

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const minimal = `package main

import "github.com/jailrun/jail/policy/seccomp"

func main() {
	if len(seccomp.DefaultBytes(seccomp.Options{})) == 0 || seccomp.DefaultRules() == nil {
		panic("empty")
	}
}
`

// The launcher links this package and starts in a few milliseconds: the tables
// must be data, and nothing may run before main.
func TestPackageRunsNothingAtStart(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skipf("needs the go command, which the guests of test-vm lack: %v", err)
	}
	dir := t.TempDir()
	source, program := filepath.Join(dir, "main.go"), filepath.Join(dir, "main")
	if err := os.WriteFile(source, []byte(minimal), 0o644); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "init runtime") {
		t.Fatalf("%v: no trace of initialisers: %s", err, out)
	}
	for _, pkg := range []string{"policy/seccomp", " fmt ", " regexp "} {
		if strings.Contains(string(out), pkg) {
			t.Errorf("%s runs code at start:\n%s", strings.TrimSpace(pkg), out)
		}
	}
}
