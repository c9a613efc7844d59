// Probe tries to exceed each limit of a jail, and says who kept it from that. It
// runs wherever an ordinary user may be, with jail in PATH and itself in the
// working directory, and prints a line of JSON for each limit.
//
//	probe [FLAG OF JAIL EXEC…]     the trial
//	probe violate DEED ARGUMENT…   a program that exceeds a limit, in the jail
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

// Cell is what came of one trial.
type Cell struct {
	Row  string `json:"row"`
	Held string `json:"held"`
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == "violate" {
		os.Exit(violate(os.Args[2], os.Args[3:]))
	}
	out := json.NewEncoder(os.Stdout)
	for _, t := range trials {
		if err := out.Encode(Cell{t.row, t.run(os.Args[1:])}); err != nil {
			fmt.Fprintln(os.Stderr, "probe:", err)
			os.Exit(1)
		}
	}
}

// trial is a limit, a program that exceeds it, and who may have stopped it.
type trial struct {
	row   string
	flags string // of jail exec
	argv  string // the program; "violate …" is this one
	judge func(*seen) string
}

// seen is what is known of a run.
type seen struct {
	*result.Result
	out, err string
	status   int
}

// run gives the judgement of one run, or why there was none.
func (t *trial) run(more []string) string {
	file := "result.json"
	argv := append([]string{"exec", "--json", file}, more...)
	self, err := os.Executable() // at its own path, where it can be shown without a root of the jail's own too
	if err != nil {
		return "no run: " + err.Error()
	}
	argv = append(append(argv, strings.Fields(t.flags)...), "--ro", self, "--")
	if d, ok := strings.CutPrefix(t.argv, "violate "); ok {
		argv = append(append(argv, self, "violate"), strings.Fields(d)...)
	} else {
		argv = append(argv, "sh", "-c", t.argv)
	}
	c := exec.Command("jail", argv...)
	var out, errs strings.Builder
	c.Stdout, c.Stderr = &out, &errs
	err = c.Run()
	s := &seen{Result: &result.Result{}, out: out.String(), err: strings.TrimSpace(errs.String())}
	if c.ProcessState == nil {
		return "no run: " + err.Error()
	}
	s.status = c.ProcessState.ExitCode()
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, s.Result)
	}
	switch {
	case err != nil:
		return "no result: " + err.Error() + ": " + s.err
	case strings.Contains(s.err, "nothing else can hold "):
		return "refused: nothing but a group can hold it"
	case s.Reason == result.SetupFailed || s.Reason == result.Internal:
		return "no launch: " + s.err
	}
	held := t.judge(s)
	if strings.HasPrefix(held, notHeld) && strings.Contains(s.err, t.flag()) {
		return notHeld + ", which standard error says"
	}
	return held
}

// flag is what the row is about.
func (t *trial) flag() string { return strings.Split(t.row, "`")[1] }

// grouped says whether a group held the run.
func (s *seen) grouped() bool {
	return s.Enforced.At(policy.LayerCgroup).State == result.StateEnforced
}
