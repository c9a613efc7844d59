//go:build container

package container

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jailrun/jail/test/podman"
)

// What is made once for all tests.
var (
	engine  *podman.Engine
	shown   string // a folder with jail, which every container shows at /opt
	docker  string // Docker's own profile of system calls
	shipped string // ours
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("/var/tmp", "jail-container-")
	if err == nil {
		err = prepare(dir)
	}
	status := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, "container:", err)
	} else {
		status = m.Run()
	}
	if engine != nil {
		err = engine.Close(context.Background())
	}
	if err := errors.Join(err, os.RemoveAll(dir)); err != nil {
		fmt.Fprintln(os.Stderr, "container:", err)
		status = 1
	}
	os.Exit(status)
}

func prepare(dir string) (err error) {
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	shown, docker = filepath.Join(dir, "opt"), filepath.Join(dir, "docker.json")
	if shipped, err = filepath.Abs("../../contrib/seccomp/jail.json"); err != nil {
		return err
	}
	if err := os.Mkdir(shown, 0o755); err != nil {
		return err
	}
	if err := build(filepath.Join(shown, "jail")); err != nil {
		return err
	}
	profile := exec.Command("go", "run", "-C", "../../tools", "./containerprofile", "-default")
	profile.Stderr = os.Stderr
	text, err := profile.Output()
	if err != nil {
		return fmt.Errorf("print Docker's profile: %w", err)
	}
	if err := os.WriteFile(docker, text, 0o644); err != nil {
		return err
	}
	// A file that only its owner reads, for each user that a container runs as.
	for _, uid := range users {
		name := filepath.Join(shown, fmt.Sprint("secret-", uid))
		if err := errors.Join(os.WriteFile(name, []byte("secret\n"), 0o600), os.Chown(name, uid, uid)); err != nil {
			return err
		}
	}
	engine, err = podman.New(filepath.Join(dir, "podman"), 0)
	return err
}

func build(to string) error {
	c := exec.Command("go", "build", "-o", to, "github.com/jailrun/jail/cmd/jail")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("build jail: %w: %s", err, out)
	}
	return nil
}

// users are root and an ordinary user, inside of the container.
var users = []int{0, 1000}

// said is what a command in a container has said.
type said struct {
	out, err string
	status   int
}

// inside runs a shell line in a new container.
func inside(t *testing.T, uid int, flags []string, line string) said {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	flags = append([]string{"--user", fmt.Sprint(uid), "-v", shown + ":/opt:ro"}, flags...)
	argv := engine.Argv(flags, "sh", "-c", line)
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return said{out.String(), errs.String(), c.ProcessState.ExitCode()}
}
