package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/policy"
)

func parseExec(args ...string) (*request, error) { return findCommand("exec").parse(args) }

func TestFlagsAreReadUpToTheProgram(t *testing.T) {
	for _, c := range []struct{ args, argv string }{
		{"true", "true"},
		{"-- true", "true"},
		{"-- --true", "--true"},
		{"--wall 1s true --wall 2s", "true --wall 2s"},
		{"--quiet true -- x", "true -- x"},
		{"--quiet -- -- x", "-- x"},
		{"- x", "- x"},
		{"", ""},
	} {
		r, err := parseExec(strings.Fields(c.args)...)
		if err != nil || strings.Join(r.argv, " ") != c.argv {
			t.Errorf("%q: program %q, %v; want %q", c.args, r.argv, err, c.argv)
		}
	}
}

func TestFlagsSetThePolicy(t *testing.T) {
	r, err := parseExec("--cpu", "2s", "-memory=64M", "--env=A=B=C", "--off", "time_ns", "--json", "-", "--quiet", "x")
	if err != nil {
		t.Fatal(err)
	}
	p := &r.policy
	if p.Limits.CPU != 2*time.Second || p.Limits.Memory != 64*size.MiB || p.Env[0] != "A=B=C" || p.Layers[policy.LayerTimeNS] != policy.Off {
		t.Errorf("policy %+v", p)
	}
	if r.json != "-" || !r.quiet {
		t.Errorf("request %+v", r)
	}
}

func TestMistakesInFlagsAreNamed(t *testing.T) {
	for _, c := range []struct {
		args []string
		want error
		hint string
	}{
		{[]string{"--memroy", "1M"}, errUnknownFlag, "did you mean --memory?"},
		{[]string{"--plan"}, errUnknownFlag, "jail explain"},
		{[]string{"--cpu", "0"}, policy.ErrZero, "--cpu 2s"},
		{[]string{"--mem=1M"}, errUnknownFlag, ""},
		{[]string{"--xyzzyxyzzy"}, errUnknownFlag, `"jail help exec" lists all`},
		{[]string{"--cpu"}, errNoValue, "--cpu 2s"},
		{[]string{"--json", "--", "true"}, errNoValue, "--json result.json"},
		{[]string{"--cpu", "--", "true"}, errNoValue, "--cpu 2s"},
		{[]string{"--quiet=1"}, errHasValue, "write --quiet"},
		{[]string{"--stdin", ""}, errNoValue, "--stdin input.txt"},
		{[]string{"--policy="}, errNoValue, "--policy judge.toml"},
		{[]string{"--status-fd", "-1"}, errNotFd, "--status-fd 3"},
		{[]string{"--status-fd", "999"}, errNotFd, "--status-fd 3"},
		{[]string{"--memory", "64MB"}, size.ErrAmbiguous, "64M"},
	} {
		_, err := parseExec(c.args...)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.hint) {
			t.Errorf("%q: %v; want %v with %q", c.args, err, c.want, c.hint)
		}
	}
}

// A descriptor of jail's own (the runtime's, a file just opened) must not be
// taken for the caller's.
func TestStatusDescriptorIsOnlyTheCallers(t *testing.T) {
	own, err := parseExec("--status-fd", "3")
	if !errors.Is(err, errNotFd) {
		t.Errorf("descriptor 3, which nobody has passed: %+v, %v", own, err)
	}
}

func TestEveryFlagHasItsHelpAndARightExample(t *testing.T) {
	for _, f := range findCommand("explain").allFlags() {
		if f.help == "" || f.takesValue() != (f.example != "") {
			t.Errorf("--%s: help %q, example %q", f.name, f.help, f.example)
		}
		if f.takesValue() && f.name != "status-fd" {
			if _, err := parseExec("--"+f.name, f.example); err != nil {
				t.Errorf("--%s %s: %v", f.name, f.example, err)
			}
		}
	}
}

func TestHelpFitsATerminal(t *testing.T) {
	for _, c := range commands() {
		for line := range strings.Lines(c.helpText()) {
			if n := len([]rune(line)); n > 120 || strings.Contains(line, noBreak) || strings.HasSuffix(line, "e.g.\n") {
				t.Errorf("jail help %s, %d columns: %q", c.name, n, line)
			}
		}
	}
}

func TestNoFlagIsDefinedTwice(t *testing.T) {
	for _, c := range commands() {
		var names []string
		for _, f := range c.allFlags() {
			names = append(names, f.name)
		}
		slices.Sort(names)
		if n := len(names); len(slices.Compact(names)) != n {
			t.Errorf("jail %s: a flag is there twice: %v", c.name, names)
		}
	}
}

func TestNearestIsFewTypingErrorsAway(t *testing.T) {
	names := []string{"memory", "wall", "pids", "pids-action"}
	for got, want := range map[string]string{"memroy": "memory", "wal": "wall", "pid": "pids", "pids_action": "pids-action", "zzzz": "", "": ""} {
		if n := nearest(got, names); n != want {
			t.Errorf("nearest(%q) = %q, want %q", got, n, want)
		}
	}
}

func TestCompletionKnowsWhereAFlagCanStand(t *testing.T) {
	for _, c := range []struct{ words, want string }{
		{"doc", "doctor"},
		{"exec --mem", "--memory --memory-high"},
		{"exec --cpu 2s --mem", "--memory --memory-high"},
		{"exec --cpu --mem", ""}, // the value of --cpu
		{"exec true --mem", ""},
		{"exec --net l", "loopback"},
		{"exec --net=l", "--net=loopback"},
		{"exec --quiet --pids-action k", "kill"},
		{"exec --off cg", "cgroup_ns cgroup"},
		{"exec --off user", ""},
		{"exec --try user", "user_ns"},
		{"exec --verify fu", "full"},
		{"help ex", "exec explain"},
		{"completion z", "zsh"},
		{"gc ex", ""},
		{"exec -- --mem", ""},
		{"exec fil", ""},
		{"doctor --js", "--json"},
		{"doctor --mem", ""},
		{"nothing --mem", ""},
	} {
		var got []string
		for _, line := range complete(strings.Fields(c.words)) {
			name, _, _ := strings.Cut(line, "\t")
			got = append(got, name)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q: %q, want %q", c.words, got, c.want)
		}
	}
}
