// Package killed kills a command at many instants, and lets a test look at what is left.
package killed

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Rounds runs a command to its end, to learn how long it takes, and then n times more:
// each time it kills it by SIGKILL at another instant of that time, or every other time
// a process that it has started, and calls after, when none of them lives. The command
// must be ready to run, with no standard error. It fails the test if the command
// fails when nobody kills it.
func Rounds(t *testing.T, n int, command func() *exec.Cmd, after func(round int)) {
	t.Helper()
	whole := duration(t, command)
	after(0)
	whole = min(whole, duration(t, command)) // the first may have waited for the disk
	after(0)
	for round := range n {
		at := whole * time.Duration(round) / time.Duration(n)
		kill(t, command(), at+rand.N(whole/time.Duration(n)+1), round%2 == 1) // #nosec G404 -- nobody gains from knowing it
		after(round + 1)
	}
}

func duration(t *testing.T, command func() *exec.Cmd) time.Duration {
	t.Helper()
	c := command()
	var said bytes.Buffer
	c.Stderr = &said
	begin := time.Now()
	if err := c.Run(); err != nil {
		t.Fatalf("%v: %s", err, said.Bytes())
	}
	return time.Since(begin)
}

// kill waits for the end of all who hold the command's standard error.
func kill(t *testing.T, c *exec.Cmd, at time.Duration, child bool) {
	t.Helper()
	var said bytes.Buffer
	c.Stderr = &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = c.Wait() // however it ends
	}()
	select {
	case <-ended:
		return
	case <-time.After(at):
	}
	if pids := children(c.Process.Pid); child && len(pids) > 0 {
		_ = unix.Kill(pids[0], unix.SIGKILL)
	} else {
		_ = c.Process.Kill()
	}
	<-ended
}

// children are the processes that pid has started.
func children(pid int) (list []int) {
	threads, _ := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task") // none: it is gone
	for _, thread := range threads {
		b, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/task/" + thread.Name() + "/children")
		for _, f := range strings.Fields(string(b)) {
			if n, err := strconv.Atoi(f); err == nil && !slices.Contains(list, n) {
				list = append(list, n)
			}
		}
	}
	return list
}
