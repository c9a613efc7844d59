package faults

import (
	"bufio"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// unplayed are the steps that a launch which goes well does not come to, of a
// program given by its path: those of errors, and those for a host's folder that
// can't be shown through an overlay. Some names are also those of others.
var unplayed = regexp.MustCompile(`^(?:` + strings.Join([]string{
	`\w+: report the error`, `\w+: exit`,
	`init: has the supervisor gone, or the time run out\?`, `init: kill all that is left`,
	`init: note that /\w+ is no overlay`, `init: open \w+`, `init: (?:set the mount attributes of|attach) /\w+`,
	`init: (?:take|make the mount point|attach) .*/etc/.*`, // what this host has not
	`target: see that root could be regained`, `target: is it there\?`, `target: report that nothing could be executed`,
}, `|`) + `)$`)

// mostUnplayed is how many of them there are at most, beside what the host lacks.
const mostUnplayed = 30

// TestASupervisorThatIsKilledAtAnyStepOfItsTapeLeavesNothing halts a launch before
// each op of its tape and kills the supervisor there. Whoever plays the tape
// then goes on as if it had lost its core for that long.
func TestASupervisorThatIsKilledAtAnyStepOfItsTapeLeavesNothing(t *testing.T) {
	asEach(t, func(t *testing.T, uid int) {
		g := newGround(t, uid)
		steps := listSteps(t, uid)
		halted, tried := 0, 0
		for i := 0; i < len(steps); i += each() {
			if tried++; g.haltAndKill(i, steps[i]) {
				halted++
			}
		}
		if t.Logf("killed at %d of %d steps", halted, len(steps)); tried-halted > mostUnplayed/each()+2 {
			t.Errorf("%d of %d steps were not played", tried-halted, tried)
		}
	})
}

// listSteps lists the ops of a launch: "init: mount proc".
func listSteps(t *testing.T, uid int) (steps []string) {
	t.Helper()
	c := jail("halting", uid, launched...)
	c.Env = append(os.Environ(), "JAIL_STEPS=1")
	out, err := c.CombinedOutput()
	must(t, err)
	for line := range strings.Lines(string(out)) {
		if step, ok := strings.CutPrefix(strings.TrimSpace(line), "step: "); ok {
			steps = append(steps, step)
		}
	}
	if len(steps) < 300 {
		t.Fatalf("only %d steps are listed: %s", len(steps), out)
	}
	return steps
}

// launched is the default jail, of a program that ends by itself.
var launched = []string{"exec", "--quiet", "--", "/bin/true"}

// haltAndKill kills the supervisor at one step, and says whether the launch came
// there.
func (g *ground) haltAndKill(i int, step string) bool {
	g.t.Helper()
	c, said := g.halt(i, launched...)
	if said != "halted: "+step {
		g.waitForAll()
		if !unplayed.MatchString(step) {
			g.t.Errorf("op %d, %s, was not played: %q", i, step, said)
		}
		return false
	}
	if g.added() == "" {
		g.t.Errorf("op %d, %s: nothing is seen of a jail that is being made", i, step)
	}
	must(g.t, c.Process.Kill())
	_ = c.Wait() // it was killed
	if left := g.left(); left != "" {
		g.t.Errorf("killed at op %d, %s: this is left:\n%s", i, step, left)
	}
	return true
}

// halt starts a jail that halts before op i, and gives what it says then, ""
// if it has ended without coming there.
func (g *ground) halt(i int, args ...string) (*exec.Cmd, string) {
	g.t.Helper()
	c := jail("halting", g.uid, args...)
	c.Env = append(os.Environ(), "JAIL_HALT="+strconv.Itoa(i))
	errs, err := c.StderrPipe()
	must(g.t, err)
	must(g.t, c.Start())
	must(g.t, g.owners.Add(c.Process.Pid))
	line, _ := bufio.NewReader(errs).ReadString('\n') // at its end it is empty
	return c, strings.TrimSpace(line)
}

// TestASupervisorThatIsKilledAtAnyCallOfItsOwnLeavesNothing kills it at each
// system call of its main thread, on which a launch is made and watched, from
// the first one to the last: before its stage is started, while the tape is
// played, and when all is over.
func TestASupervisorThatIsKilledAtAnyCallOfItsOwnLeavesNothing(t *testing.T) {
	asEach(t, func(t *testing.T, uid int) {
		g := newGround(t, uid)
		killed, seen := 0, 0
		for n := 1; ; n += each() {
			c := g.trace()
			if !c.untilCall(n) {
				break
			}
			if g.added() != "" {
				seen++
			}
			c.kill()
			killed++
			if left := g.left(); left != "" {
				t.Errorf("killed at call %d, number %d: this is left:\n%s", n, c.call, left)
			}
		}
		if t.Logf("killed at %d calls", killed); killed < 200/each() || seen == 0 {
			t.Errorf("only %d calls were counted, with something to be seen at %d", killed, seen)
		}
	})
}
