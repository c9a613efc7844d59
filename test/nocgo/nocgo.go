// Package nocgo builds a test without cgo: with it a program can't confine all of its
// threads (syscall.AllThreadsSyscall), and so is no unpacker.
package nocgo

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
)

// scratch is where this test is built.
var scratch string

// Run runs the tests, as m.Run does, and removes what Program has built.
func Run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "jail-unpacker-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	scratch = dir
	return m.Run()
}

// Program is this very test, built without cgo.
func Program(t testing.TB) string {
	t.Helper()
	file, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

var built = sync.OnceValues(func() (string, error) {
	if i, ok := debug.ReadBuildInfo(); ok && slices.Contains(i.Settings, debug.BuildSetting{Key: "CGO_ENABLED", Value: "0"}) {
		return os.Executable()
	}
	file := filepath.Join(scratch, "unpacker")
	c := exec.Command("go", "test", "-c", "-o", file, ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return file, nil
})
