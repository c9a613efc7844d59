package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// nobody is the ordinary user: no name, no groups, no delegated cgroup.
const nobody = 65534

func TestAsRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("feature root: not run as root")
	}
	scripts(t, 0)
}

func TestAsOrdinaryUser(t *testing.T) { scripts(t, ordinary()) }

// ordinary is the user to become, or ourselves where we can't become another.
func ordinary() int {
	if os.Geteuid() == 0 {
		return nobody
	}
	return os.Geteuid()
}

// scripts runs every script as uid, in a working directory of that user's that
// nobody else can enter.
func scripts(t *testing.T, uid int) {
	root, err := os.MkdirTemp(filepath.Dir(built), "work-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		WorkdirRoot:         root,
		RequireExplicitExec: true,
		Setup:               func(e *testscript.Env) error { return settle(e, uid) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"json":  checkJSON,
		},
		Condition: func(c string) (bool, error) { return condition(c, uid) },
	})
}

func condition(name string, uid int) (bool, error) {
	switch name {
	case "root":
		return uid == 0, nil
	case "python3":
		_, err := os.Stat("/usr/bin/python3")
		return err == nil, nil
	}
	return false, errUnknown(name)
}

type errUnknown string

func (e errUnknown) Error() string { return "unknown condition " + strconv.Quote(string(e)) }

// settle puts "jail" on the script's PATH, as the user that the script is for,
// and gives him the working directory.
func settle(e *testscript.Env, uid int) error {
	bin := e.WorkDir + "-bin"
	if err := os.Mkdir(bin, 0o755); err != nil {
		return err
	}
	become := ""
	if uid != os.Geteuid() {
		id := strconv.Itoa(uid)
		become = "setpriv --reuid " + id + " --regid " + id + " --clear-groups "
	}
	script := "#!/bin/sh\nexec " + become + built + " \"$@\"\n"
	syscall.ForkLock.RLock() // a child forked meanwhile would hold it open for writing: ETXTBSY
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(filepath.Join(bin, "jail"), []byte(script), 0o755); err != nil {
		return err
	}
	e.Setenv("PATH", bin+":/usr/local/bin:/usr/bin:/bin")
	e.Setenv("HOME", e.WorkDir)
	e.Setenv("JAIL", built)
	return lock(e.WorkDir, uid)
}

// lock gives the tree to uid alone: jail must show files that only its caller
// can read.
func lock(dir string, uid int) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o600)
		if d.IsDir() || filepath.Ext(path) == ".out" {
			mode = 0o700
		}
		if err := os.Chmod(path, mode); err != nil {
			return err
		}
		return os.Lchown(path, uid, uid)
	})
}
