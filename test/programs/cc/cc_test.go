package cc

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Each row holds outside a jail; a jail's tests show what changes inside.
var outside = []struct {
	name string
	args []string
	code int
}{
	{"true", nil, 0},
	{"burn", []string{"20"}, 0},
	{"exit", []string{"7"}, 7},
	{"memory", []string{"4"}, 0},
	{"forkbomb", []string{"4"}, 0},
	{"flood", []string{"stdout", "1"}, 0},
	{"sleeper", []string{"0"}, 0},
	{"shm", []string{"anon", "2"}, 0},
	{"shm", []string{"memfd", "2"}, 0},
	{"shm", []string{"posix", "2"}, 0},
	{"shm", []string{"sysv", "2"}, 0},
	{"die", []string{"15"}, -1},
	{"report", nil, 0},
	{"family", []string{"1", "1", "0"}, 0},
	{"echo", nil, 0},
	{"ptrace", nil, 0},
	{"threads", []string{"4"}, 0},
}

func TestEveryProgramCompilesAndDoesWhatItSays(t *testing.T) {
	dir := t.TempDir()
	if err := Build(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	for _, row := range outside {
		err := exec.CommandContext(t.Context(), filepath.Join(dir, row.name), row.args...).Run()
		if got := code(err); got != row.code {
			t.Errorf("%s %v: exit %d (%v), want %d", row.name, row.args, got, err, row.code)
		}
	}
}

func TestFillersStayInTheirFolder(t *testing.T) {
	dir, box := t.TempDir(), t.TempDir()
	if err := Build(t.Context(), dir, "disk", "inodes"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"disk", "inodes"} {
		if err := exec.CommandContext(t.Context(), filepath.Join(dir, name), box, "3").Run(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	files, err := os.ReadDir(box)
	if err != nil || len(files) != 4 {
		t.Errorf("%d files in the box (%v), want 4", len(files), err)
	}
}

func TestUnknownProgramNamesItsSource(t *testing.T) {
	var e *Error
	if err := Build(t.Context(), t.TempDir(), "nonesuch"); !errors.As(err, &e) || filepath.Base(e.Object) != "nonesuch.c" {
		t.Errorf("Build = %v, want an Error of nonesuch.c", err)
	}
}

func code(err error) int {
	var e *exec.ExitError
	if errors.As(err, &e) {
		return e.ExitCode()
	}
	if err != nil {
		return -2
	}
	return 0
}
