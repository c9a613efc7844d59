// Soak makes many jails that end in every way that a jail can, at random, and
// kills some of their supervisors. It fails if a verdict is wrong, or if anything
// is left that grows: "make soak RUNS=20000". How flat is judged says flat.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/jailrun/jail/test/census"
	"golang.org/x/sys/unix"
)

// options are the command line's.
type options struct {
	runs, workers, looks int
	seed                 uint64
	jail                 string
}

// part says which of the three processes this is: "" the caller's, init the pid 1
// of namespaces that were made for it, host the one that runs the jails.
const partVar = "JAIL_SOAK_PART"

func main() {
	var o options
	flag.IntVar(&o.runs, "runs", 100000, "how many jails are made")
	flag.IntVar(&o.workers, "workers", 2, "how many at once")
	flag.IntVar(&o.looks, "looks", 24, "how often all that is left is counted")
	flag.Uint64Var(&o.seed, "seed", rand.Uint64(), "of all that is random")
	flag.StringVar(&o.jail, "jail", "bin/jail", "the command whose supervisors are killed")
	flag.Parse()
	if err := play(os.Getenv(partVar), o); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func play(part string, o options) error {
	switch part {
	case "host":
		return host(o)
	case "init":
		return reaper()
	}
	return begin(o)
}

// begin copies this program and jail to where every user may run them, and
// starts pid 1 of namespaces in which all that is there is of these runs.
func begin(o options) error {
	if os.Geteuid() != 0 {
		return errors.New("needs root, for namespaces of its own and for another user's jails")
	}
	if o.runs < 10*o.looks || o.workers < 1 {
		return fmt.Errorf("%d runs are too few to tell what grows: make %d or more", o.runs, 10*o.looks)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp("/var/tmp", "jail-soak-") // /tmp is covered there
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	self := filepath.Join(dir, "soak")
	err = errors.Join(os.Chmod(dir, 0o755), copyFile("/proc/self/exe", self), copyFile(o.jail, filepath.Join(dir, "jail")))
	if err != nil {
		return err
	}
	fmt.Printf("%d runs with -seed %d\n", o.runs, o.seed)
	c := exec.CommandContext(ctx, self, "-runs", fmt.Sprint(o.runs), "-workers", fmt.Sprint(o.workers), "-looks", fmt.Sprint(o.looks),
		"-seed", fmt.Sprint(o.seed), "-jail", filepath.Join(dir, "jail"))
	c.Env = append(os.Environ(), partVar+"=init")
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: census.Flags, Pdeathsig: unix.SIGKILL}
	return c.Run()
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// reaper is pid 1: it waits for the orphans that killed supervisors leave, so
// that no status is taken from the host.
func reaper() error {
	if err := census.Apart(); err != nil {
		return err
	}
	c := exec.Command("/proc/self/exe", os.Args[1:]...)
	c.Env = append(os.Environ(), partVar+"=host")
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	if err := c.Start(); err != nil {
		return err
	}
	for {
		var ws unix.WaitStatus
		pid, err := unix.Wait4(-1, &ws, 0, nil)
		switch {
		case err != nil && !errors.Is(err, unix.EINTR):
			return os.NewSyscallError("wait4", err)
		case pid == c.Process.Pid && ws.ExitStatus() != 0:
			return fmt.Errorf("failed: status %d", ws.ExitStatus())
		case pid == c.Process.Pid:
			return nil
		}
	}
}
