package isolate_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/isolate"
	"golang.org/x/sys/unix"
)

func TestAKilledSupervisorTakesItsJailAlong(t *testing.T) {
	for _, user := range []string{"root", "nobody"} {
		t.Run(user, func(t *testing.T) { killSupervisor(t, user == "nobody") })
	}
}

func killSupervisor(t *testing.T, nobody bool) {
	t.Helper()
	c := actor(t, "brood", stageDir(t), "")
	if nobody {
		asNobody(t, c)
	} else {
		needRoot(t)
	}
	c.Stdout = nil
	out, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		t.Fatalf("%q, %v", line, err)
	}
	fds := pidfds(t, descendants(c.Process.Pid))
	if len(fds) < 21 { // pid 1, the shell and its children
		t.Errorf("only %d processes are in the jail", len(fds))
	}
	start := time.Now()
	must(t, c.Process.Kill())
	awaitAll(t, fds, start.Add(5*time.Second))
	t.Logf("%d processes were gone %v after SIGKILL", len(fds), time.Since(start).Round(10*time.Microsecond))
	_ = c.Wait()
}

// actBrood keeps a jail of twenty processes until it is killed.
func actBrood(t *testing.T) {
	c := isolate.Command(nil, "sh", "-c", brood)
	c.Stdout = os.Stdout
	t.Fatal(c.Run())
}

// descendants lists the pids below a process.
func descendants(of int) (list []int) {
	parents := map[int]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range files {
		b, _ := os.ReadFile(f)
		fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f))); err == nil && len(fields) > 1 {
			parents[pid], _ = strconv.Atoi(fields[1])
		}
	}
	for pid := range parents {
		for p := parents[pid]; p > 0; p = parents[p] {
			if p == of {
				list = append(list, pid)
				break
			}
		}
	}
	return list
}

func pidfds(t *testing.T, pids []int) (fds []unix.PollFd) {
	t.Helper()
	for _, pid := range pids {
		fd, err := unix.PidfdOpen(pid, 0)
		must(t, err)
		t.Cleanup(func() { unix.Close(fd) })
		fds = append(fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
	return fds
}

// awaitAll waits for the end of every process: a pidfd is readable then.
func awaitAll(t *testing.T, fds []unix.PollFd, deadline time.Time) {
	t.Helper()
	for i := range fds {
		for fds[i].Revents == 0 {
			n, err := unix.Poll(fds[i:i+1], int(time.Until(deadline).Milliseconds()))
			if n == 0 && err == nil {
				t.Fatalf("%d processes are still there at the deadline", len(fds)-i)
			}
		}
	}
}
