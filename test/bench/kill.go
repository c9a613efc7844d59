package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/jailrun/jail/test/proctree"
	"golang.org/x/sys/unix"
)

// brood is how many processes are inside beside their parent.
const brood = "20"

// kill measures the time from SIGKILL of a supervisor to the end of the last
// process that it had.
func kill(ctx context.Context, l *lab) ([]figure, error) {
	ours := append([]string{l.jail, "exec", "--quiet", "--ro", l.dir, "--", l.program("brood")}, brood)
	theirs := append(l.bwrapArgs(), l.program("brood"), brood)
	if l.bwrap == "" {
		theirs = ours
	}
	one := func(argv []string) func() (time.Duration, error) {
		return func() (time.Duration, error) { return killOne(ctx, argv) }
	}
	d, err := takeTurns(ctx, one(ours), one(theirs), 1, max(l.n/10, 3))
	return []figure{
		{name: "kill -9, 21 processes, all gone ms", ours: ms(percentile(d.ours, 50)), gate: 20, target: 3},
		{name: "  the same, slowest", ours: ms(percentile(d.ours, 100)), gate: 20, target: 20},
		{name: "  the same, beside bwrap", ours: ms(percentile(d.ours, 50)), theirs: ms(percentile(d.theirs, 50)), versus: "bwrap", gate: 10, target: 2},
	}, err
}

func killOne(ctx context.Context, argv []string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	fds, err := watched(cmd.Process.Pid, out)
	defer closeAll(fds)
	begin := time.Now()
	_ = cmd.Process.Kill() // on every path: nothing of ours may stay
	if err == nil {
		err = allGone(fds, 5*time.Second)
	}
	took := time.Since(begin)
	_ = cmd.Wait() // it was killed, so it can't have succeeded
	return took, err
}

// watched waits until the program is ready and opens a pidfd of each process
// below the supervisor.
func watched(supervisor int, out io.Reader) ([]unix.PollFd, error) {
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || strings.TrimSpace(line) != "ready "+brood {
		return nil, fmt.Errorf("the program said %q: %w", line, orMissing(err))
	}
	var fds []unix.PollFd
	for _, pid := range proctree.Below(supervisor) {
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			return fds, fmt.Errorf("pidfd of %d: %w", pid, err)
		}
		fds = append(fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
	if want, _ := strconv.Atoi(brood); len(fds) <= want {
		return fds, fmt.Errorf("%d processes are below the supervisor, want more than %d", len(fds), want)
	}
	return fds, nil
}

func orMissing(err error) error {
	if err == nil {
		return os.ErrInvalid
	}
	return err
}

// allGone waits for the end of every process: a pidfd is readable then.
func allGone(fds []unix.PollFd, limit time.Duration) error {
	end := time.Now().Add(limit)
	for i := range fds {
		for fds[i].Revents == 0 {
			left := time.Until(end)
			if left <= 0 {
				return fmt.Errorf("%d of %d processes live %v after SIGKILL of their supervisor", len(fds)-i, len(fds), limit)
			}
			if _, err := unix.Poll(fds[i:i+1], int(left.Milliseconds())+1); err != nil && err != unix.EINTR {
				return err
			}
		}
	}
	return nil
}

func closeAll(fds []unix.PollFd) {
	for _, f := range fds {
		_ = unix.Close(int(f.Fd))
	}
}
