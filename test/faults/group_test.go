package faults

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/test/census"
)

// within makes a control group of the test's own in a hierarchy, with limits,
// and gives what has a command enter it before it begins. Groups of jails are
// made below, so that whoever removes them enters it too.
func within(t *testing.T, hierarchy string, limits map[string]string) func(*exec.Cmd) {
	t.Helper()
	dir := groupDir(hierarchy)
	must(t, os.Mkdir(dir, 0o755))
	t.Cleanup(func() { must(t, os.Remove(dir)) })
	for file, text := range limits {
		must(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0))
	}
	return func(c *exec.Cmd) {
		c.Args = append([]string{"sh", "-c", `echo $$ >"$0"/cgroup.procs && exec "$@"`, dir, c.Path}, c.Args[1:]...)
		c.Path = "/bin/sh"
	}
}

// groupDir is a folder of this run's alone.
func groupDir(hierarchy string) string {
	return filepath.Join(census.Root, hierarchy, filepath.Base(built))
}

// unified is the hierarchy of cgroup v2, below the root of all.
func unified(t *testing.T) string {
	t.Helper()
	for _, name := range []string{".", "unified"} {
		if _, err := os.Stat(filepath.Join(census.Root, name, "cgroup.controllers")); err == nil {
			return name
		}
	}
	t.Skip("needs a v2 tree: none is mounted and writable")
	return ""
}

func TestAFullHierarchyEndsTheLaunchAndIsTold(t *testing.T) {
	if !apart(t) {
		return
	}
	g := newGroundIn(t, 0, within(t, unified(t), map[string]string{"cgroup.max.descendants": "0"}))
	for _, flags := range [][]string{nil, {"--try", "cgroup"}} {
		s := g.start(g.jail(released, append(withResult(flags...), "--", "/bin/true")...))
		status, res := s.end()
		switch {
		case res == nil:
			t.Errorf("%v: status %d and no result: %s", flags, status, s.errs)
		case flags == nil && (status != result.StatusFailed || !strings.Contains(s.errs.String(), "the hierarchy is full")):
			t.Errorf("status %d: %s: %s", status, sentence(res), s.errs)
		case flags != nil && (status != 0 || res.Enforced.Cgroup.State != result.StateAbsent):
			t.Errorf("%v: status %d, cgroup is %s: %s", flags, status, res.Enforced.Cgroup.State, s.errs)
		}
		if left := g.left(); left != "" {
			t.Errorf("%v: this is left:\n%s", flags, left)
		}
	}
}

// groupShortages are limits of a group that jail itself is in.
var groupShortages = []struct {
	name, hierarchy, file, lifted string
	values                        []int
}{
	{"tasks in the group", "pids", "pids.max", "max", upTo(1, 24, 1)},
	{"memory of the group", "memory", "memory.limit_in_bytes", "-1", upTo(1<<20, 32<<20, 1<<20)},
}

func TestAShortageOfItsGroupEndsNoLaunchInAWrongVerdict(t *testing.T) {
	if !apart(t) {
		return
	}
	for _, row := range groupShortages {
		t.Run(strings.ReplaceAll(row.name, " ", "_"), func(t *testing.T) {
			if _, err := os.Stat(filepath.Join(census.Root, row.hierarchy, "cgroup.procs")); err != nil {
				t.Skip("needs cgroup v1 with memory and pids")
			}
			dress := within(t, row.hierarchy, nil)
			limit := filepath.Join(groupDir(row.hierarchy), row.file)
			g := newGroundIn(t, 0, dress)
			worked := 0
			for _, n := range row.values {
				must(t, os.WriteFile(limit, []byte(strconv.Itoa(n)), 0))
				s := g.start(g.jail(released, withResult("--", "/bin/true")...))
				s.endThen = func() { must(t, os.WriteFile(limit, []byte(row.lifted), 0)) }
				if s.holdFailed(row.name + ": " + strconv.Itoa(n)) {
					worked++
				}
			}
			if t.Logf("%d of %d launches went well", worked, len(row.values)); worked == 0 || worked == len(row.values) {
				t.Error("from too little to enough was not tried")
			}
		})
	}
}
