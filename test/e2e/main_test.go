// Package e2e holds the command line to its contract: each file of testdata is
// one wish of a user's, run as root and as an ordinary user against the real
// kernel.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// built is the program under test, in a folder that everybody may enter.
var built string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("/var/tmp", "jail-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	built = filepath.Join(dir, "jail")
	build := exec.Command("go", "build", "-o", built, "github.com/jailrun/jail/cmd/jail")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build jail: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
