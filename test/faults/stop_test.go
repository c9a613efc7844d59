package faults

import (
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/isolate/result"
	"golang.org/x/sys/unix"
)

// stops are programs that run while their supervisor is stopped, for longer than
// each of them lasts or may, and the verdicts that must come of it when the
// supervisor goes on.
var stops = []struct {
	name   string
	flags  []string
	script string
	stop   time.Duration
	reason result.Reason
	status int
	root   bool // needs a group
}{
	{"the program ends by itself", []string{"--wall", "2s"}, "echo ready; sleep 0.1; exit 7", 3500 * time.Millisecond, result.Exited, 7, false},
	{"the program dies", []string{"--wall", "2s"}, "echo ready; sleep 0.1; kill -SEGV $$", 3500 * time.Millisecond, result.Signaled, 139, false},
	{"the program ends too late", []string{"--wall", "400ms"}, "echo ready; sleep 0.9; exit 7", 1800 * time.Millisecond, result.WallLimit, 137, false},
	{"the program ends and is then idle", []string{"--idle", "2s"}, "echo ready; sleep 0.1; exit 7", 3500 * time.Millisecond, result.Exited, 7, false},
	{"the time on the clock is up", []string{"--wall", "600ms"}, "echo ready; exec sleep 1000", 2500 * time.Millisecond, result.WallLimit, 137, false},
	{"the CPU time is up", []string{"--cpu", "300ms", "--wall", "1m"}, "echo ready; while :; do :; done", 2500 * time.Millisecond, result.CPULimit, 137, false},
	{"the memory is used up", []string{"--memory", "32M"}, "echo ready; head -c 500M /dev/zero | tail -c 400M >/dev/null; exit 0", 1500 * time.Millisecond, result.Memory, 137, true},
	{"the output is too much", []string{"--output", "10K"}, "echo ready; sleep 0.1; exec yes", 500 * time.Millisecond, result.OutputLimit, 137, false},
}

// A program that has ended in time while nobody watched has not met a limit.
func TestAStoppedSupervisorGivesTheRightVerdictWhenItGoesOn(t *testing.T) {
	asEach(t, func(t *testing.T, uid int) {
		g := newGround(t, uid)
		for _, row := range sampled(stops, 3) {
			if row.root && uid != 0 {
				continue
			}
			t.Run(strings.ReplaceAll(row.name, " ", "_"), func(t *testing.T) {
				s := g.start(g.jail(released, append(withResult(row.flags...), "--", "sh", "-c", row.script)...))
				s.line("ready")
				s.stopFor(row.stop)
				s.wants(t, row.reason, row.status)
			})
		}
	})
}

// stopFor stops the supervisor for a while, which is all that the fault is.
func (s *supervisor) stopFor(d time.Duration) {
	s.g.t.Helper()
	s.signal(unix.SIGSTOP)
	time.Sleep(d)
	s.signal(unix.SIGCONT)
}

// TestALaunchGoesOnAfterItsSupervisorWasStopped stops it where the tape halts,
// for longer than the tape does.
func TestALaunchGoesOnAfterItsSupervisorWasStopped(t *testing.T) {
	asEach(t, func(t *testing.T, uid int) {
		g := newGround(t, uid)
		steps := g.steps(launched)
		stopped := 0
		for i := 0; i < len(steps); i += 4 * each() {
			if g.stopAt(i, 20*time.Millisecond, 60*time.Millisecond, result.Exited, 0) {
				stopped++
			}
		}
		if stopped == 0 {
			t.Error("no launch was stopped")
		}
	})
}

// A launch that has been stopped for longer than it may take has failed.
func TestALaunchThatWasStoppedForTooLongFails(t *testing.T) {
	asEach(t, func(t *testing.T, uid int) {
		if each() > 1 && uid != 0 {
			return
		}
		g := newGround(t, uid)
		if !g.stopAt(2, 5500*time.Millisecond, 5200*time.Millisecond, result.SetupFailed, result.StatusFailed) {
			t.Error("the launch was not stopped")
		}
	})
}

// stopAt halts a launch before op i for a while, stops its supervisor for
// another, and checks the verdict. It says whether the launch came there.
func (g *ground) stopAt(i int, halt, stop time.Duration, reason result.Reason, status int) bool {
	g.t.Helper()
	s, halts := g.startHalting(i, halt)
	if !halts {
		reason, status = result.Exited, 0
	} else {
		s.stopFor(stop)
	}
	s.wants(g.t, reason, status)
	return halts
}
