package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/isolate/result"
	"golang.org/x/sys/unix"
)

// TestALaunchWhoseProcessesAreKilledFromOutsideFails kills all of a jail's
// processes, and not the supervisor, where the tape halts: the stage, then init,
// then both that and the target.
func TestALaunchWhoseProcessesAreKilledFromOutsideFails(t *testing.T) {
	asEach(t, func(t *testing.T, uid int) {
		g := newGround(t, uid)
		steps := g.steps(launched)
		for i := 0; i < len(steps); i += 4 * each() {
			for _, victims := range []func([]int) []int{first, last, everyone} {
				g.killAt(i, steps[i], victims)
			}
		}
	})
}

func first(pids []int) []int    { return pids[:1] }
func last(pids []int) []int     { return pids[len(pids)-1:] }
func everyone(pids []int) []int { return pids }

// killAt kills some of the processes of a jail that halts before op i.
func (g *ground) killAt(i int, step string, victims func([]int) []int) {
	g.t.Helper()
	s, halts := g.startHalting(i, 2*time.Second)
	if !halts {
		s.wants(g.t, result.Exited, 0)
		return
	}
	inside := descendants(s.Process.Pid)
	if len(inside) == 0 {
		g.t.Errorf("op %d, %s: no process is seen", i, step)
	} else {
		inside = victims(inside)
	}
	jailed := false
	for _, pid := range inside {
		jailed = jailed || isJailed(pid)
		_ = unix.Kill(pid, unix.SIGKILL) // it may have died of the one before
	}
	g.holdKilled(s, i, step, jailed)
}

// isJailed says whether a process is pid 1 of a jail, or its program's.
func isJailed(pid int) bool {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // it may have ended
	ids, _ := host.StatusField(text, "NSpid")
	return len(strings.Fields(ids)) > 1
}

// lastStep is init's, when its program has ended and that was told.
const lastStep = "init: exit, and the namespace with it"

// holdKilled checks the verdict of a jail whose processes were killed: a launch
// that failed, or a program that died of it, and what had no part in the launch
// any more is not missed. Nobody has to collect anything.
func (g *ground) holdKilled(s *supervisor, i int, step string, jailed bool) {
	g.t.Helper()
	status, res := s.end()
	g.waitForAll()
	if left := g.added(); left != "" {
		g.t.Errorf("killed at op %d, %s: this is left:\n%s", i, step, left)
	}
	switch {
	case res == nil:
	case res.Reason == result.SetupFailed && status == result.StatusFailed && !res.Evidence.Started:
		return
	case res.Reason == result.Internal && status == result.StatusFailed && res.Evidence.Started:
		return
	case res.Reason == result.Exited && status == 0 && !jailed: // the stage has no part in it any more
		return
	case res.Reason == result.Exited && status == 0 && step == lastStep: // nor has init
		return
	case res.Reason == result.Signaled && status == 137 && res.Evidence.Started:
		return
	}
	g.t.Errorf("killed at op %d, %s: status %d, %s", i, step, status, sentence(res))
}

// descendants lists the processes below pid by their numbers, which is the order
// of their birth here.
func descendants(pid int) (all []int) {
	dirs, _ := filepath.Glob("/proc/[0-9]*/stat")
	for below := map[string]bool{strconv.Itoa(pid): true}; ; {
		n := len(below)
		for _, name := range dirs {
			text, _ := os.ReadFile(name) // it may have ended
			i := strings.LastIndexByte(string(text), ')') + 1
			if f := strings.Fields(string(text[i:])); len(f) > 1 && below[f[1]] && f[0] != "Z" {
				below[filepath.Base(filepath.Dir(name))] = true
			}
		}
		if len(below) == n {
			return numbers(below, pid)
		}
	}
}

func numbers(below map[string]bool, but int) (all []int) {
	for name := range below {
		if pid, _ := strconv.Atoi(name); pid != but {
			all = append(all, pid)
		}
	}
	slices.Sort(all)
	return all
}
