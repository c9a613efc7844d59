package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/jailrun/jail/isolate/result"
	"golang.org/x/sys/unix"
)

// supervisor is a jail command at work, as root or as an ordinary user.
type supervisor struct {
	*exec.Cmd
	said *os.File // its result
}

// ordinary is a user without names, groups and delegated control groups.
const ordinary = 1000

func (h *soak) supervise(r *rand.Rand, script string) (*supervisor, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer write.Close()
	c := exec.Command(h.jail, "exec", "--quiet", "--status-fd", "3", "--wall", missed.String(), "--memory", strconv.Itoa(32+r.IntN(400))+"M", "--", "/bin/sh", "-c", script)
	c.Dir, c.ExtraFiles = "/", []*os.File{write}
	if r.IntN(2) == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: ordinary, Gid: ordinary}}
	}
	if err = c.Start(); err == nil {
		err = h.owners.Add(c.Process.Pid)
	}
	if err != nil {
		read.Close()
		return nil, err
	}
	return &supervisor{c, read}, nil
}

// end waits for the supervisor's end, and gives its result, nil if it has left
// none.
func (s *supervisor) end() (unix.WaitStatus, *result.Result, error) {
	text, err := io.ReadAll(s.said)
	s.said.Close()
	waited := s.Wait()
	if exit := (*exec.ExitError)(nil); waited != nil && !errors.As(waited, &exit) {
		return 0, nil, waited
	}
	ws := unix.WaitStatus(s.ProcessState.Sys().(syscall.WaitStatus))
	if err != nil || len(bytes.TrimSpace(text)) == 0 {
		return ws, nil, err
	}
	res := &result.Result{}
	return ws, res, json.Unmarshal(text, res)
}

const lasting = litter + "exec sleep 1000"

func supervisorKilled(h *soak, r *rand.Rand) error {
	s, err := h.supervise(r, lasting)
	if err != nil {
		return err
	}
	time.AfterFunc(2*moment(r), func() { _ = s.Process.Kill() })
	ws, res, err := s.end()
	if err == nil && (!ws.Signaled() || ws.Signal() != unix.SIGKILL || res != nil) {
		err = fmt.Errorf("a killed supervisor ended with %#x and a result %v", ws, res)
	}
	return err
}

// supervisorTerminated gets SIGTERM, which is jail's own before it has caught
// signals and during a launch, and else the program's.
func supervisorTerminated(h *soak, r *rand.Rand) error {
	s, err := h.supervise(r, lasting)
	if err != nil {
		return err
	}
	time.AfterFunc(2*moment(r), func() { _ = s.Process.Signal(unix.SIGTERM) })
	ws, res, err := s.end()
	switch {
	case err != nil:
		return err
	case ws.Signaled() && ws.Signal() == unix.SIGTERM && (res == nil || res.Reason == result.Canceled):
		return nil
	case ws.Exited() && ws.ExitStatus() == 128+int(unix.SIGTERM) && res != nil && res.Reason == result.Signaled:
		return nil
	}
	return fmt.Errorf("a terminated supervisor ended with %#x and a result %v", ws, res)
}

// command lets a supervisor come to its end.
func command(h *soak, r *rand.Rand) error {
	status := r.IntN(256)
	s, err := h.supervise(r, litter+"exit "+strconv.Itoa(status))
	if err != nil {
		return err
	}
	ws, res, err := s.end()
	if err == nil {
		err = wanted{result.Exited, status}.hold(res, errors.New("none was written"))
	}
	if err == nil && ws.ExitStatus() != status {
		err = fmt.Errorf("jail's status is %d, not %d", ws.ExitStatus(), status)
	}
	return err
}
