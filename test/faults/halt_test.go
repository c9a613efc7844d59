package faults

import (
	"bufio"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// unplayed are the steps that a launch which goes well does not come to, of a
// program given by its path: those of errors, and those for a host's folder that
// can't be shown through an overlay. Some names are also those of others.
var unplayed = regexp.MustCompile(`^(?:` + strings.Join([]string{
	`\w+: report the error`, `\w+: exit(?: after an error)?`,
	`init: has the supervisor gone, or the time run out\?`, `init: kill the target`,
	`init: note that /\w+ is no overlay`, `init: open \w+`,
	`init: open /proc`, // where one for settings could be mounted
	`init: (?:set the mount attributes of|attach) /\w+`,
	`init: (?:take|make the mount point|attach) .*/etc/.*`, // what this host has not
	`target: read back the bounding set`,                   // an ordinary user without a user namespace has not emptied it
	`target: see that root could be regained`, `target: is it there\?`, `target: report that nothing could be executed`,
}, `|`) + `)$`)

// mostUnplayed is how many of them there are at most, beside what the host lacks.
const mostUnplayed = 30

// TestASupervisorThatIsKilledAtAnyStepOfItsTapeLeavesNothing halts a launch before
// each op of its tape and kills the supervisor there. Whoever plays the tape
// then goes on as if it had lost its core for that long.
func TestASupervisorThatIsKilledAtAnyStepOfItsTapeLeavesNothing(t *testing.T) {
	asEach(t, func(t *testing.T, uid int) {
		kinds := []string{"processes", "network namespaces"}
		if uid == 0 {
			kinds = append(kinds, "groups of ")
		}
		newGround(t, uid).haltAndKillAtEach(launched, mostUnplayed, kinds...)
	})
}

// haltAndKillAtEach also checks that it can fail: of each kind something must be
// seen before the kill.
func (g *ground) haltAndKillAtEach(args []string, unplayed int, kinds ...string) {
	g.t.Helper()
	steps := g.steps(args)
	halted, tried := 0, 0
	for i := 0; i < len(steps); i += each() {
		if tried++; g.haltAndKill(i, steps[i], args) {
			halted++
		}
	}
	if g.t.Logf("killed at %d of %d steps", halted, len(steps)); tried-halted > unplayed/each()+2 {
		g.t.Errorf("%d of %d steps were not played", tried-halted, tried)
	}
	for _, kind := range kinds {
		if !strings.Contains(g.seen.String(), "\n"+kind) {
			g.t.Errorf("nothing was ever seen among the %s, so that nothing is left shows nothing", kind)
		}
	}
}

// steps lists the ops of a launch, "init: mount proc", of the last one where a
// run is tried again.
func (g *ground) steps(args []string) (steps []string) {
	g.t.Helper()
	g.launches = 1
	c := g.jail(halting, args...)
	c.Env = append(c.Environ(), "JAIL_STEPS=1")
	out, err := c.CombinedOutput()
	if err != nil {
		g.t.Fatalf("%v: %s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		step, ok := strings.CutPrefix(strings.TrimSpace(line), "step: ")
		if ok && len(steps) > 0 && step == steps[0] {
			steps = nil
			g.launches++
		}
		if ok {
			steps = append(steps, step)
		}
	}
	if len(steps) < 200 {
		g.t.Fatalf("only %d steps are listed: %s", len(steps), out)
	}
	return steps
}

// launched is the default jail, of a program that ends by itself.
var launched = []string{"exec", "--quiet", "--", "/bin/true"}

// haltAndKill kills the supervisor at one step, and says whether the launch came
// there.
func (g *ground) haltAndKill(i int, step string, args []string) bool {
	g.t.Helper()
	g.doing = fmt.Sprintf("killed at op %d, %s", i, step)
	c, said := g.halt(i, args...)
	if unnumbered(said) != "halted: "+unnumbered(step) {
		g.waitForAll()
		if !unplayed.MatchString(step) {
			g.t.Errorf("op %d, %s, was not played: %q", i, step, said)
		}
		return false
	}
	added := g.added()
	if g.seen.WriteString("\n" + added); added == "" {
		g.t.Errorf("op %d, %s: nothing is seen of a jail that is being made", i, step)
	}
	must(g.t, c.Process.Kill())
	_ = c.Wait() // it was killed
	if left := g.left(); left != "" {
		g.t.Errorf("killed at op %d, %s: this is left:\n%s", i, step, left)
	}
	return true
}

// unnumbered takes a scratch folder's name out of a step's.
func unnumbered(step string) string { return scratchName.ReplaceAllString(step, "jail-N") }

var scratchName = regexp.MustCompile(`jail-\d+-\d+-\d+`)

// halt starts a jail that halts before op i, and gives what it says then, ""
// if it has ended without coming there.
func (g *ground) halt(i int, args ...string) (*exec.Cmd, string) {
	g.t.Helper()
	c := g.jail(halting, args...)
	c.Env = append(c.Environ(), fmt.Sprintf("JAIL_HALT=%d,-1,%d", i, g.launches))
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
			c := g.trace(launched)
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
