package cgroup

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

// setOf gives a set's name that is this test's alone, and removes it at the end.
func setOf(t *testing.T, h *Host) string {
	t.Helper()
	name := fmt.Sprintf("test-%d-%s", os.Getpid(), strings.ToLower(t.Name()[len("Test"):]))
	t.Cleanup(func() {
		if err := h.RemoveSet(name); err != nil && !errors.Is(err, ErrNoSet) {
			t.Error(err)
		}
	})
	return name
}

// v1Hierarchy ends a test on a host that has not this controller on v1.
func v1Hierarchy(t *testing.T, h *Host, controller string) *tree {
	t.Helper()
	if !h.offers(controller) || h.find(controller).version != 1 {
		t.Skip("needs cgroup v1 with " + controller + ": this host has it on v2, or not at all")
	}
	return h.find(controller)
}

// A limit may come to a set when a member has its directories and no process yet.
func TestAMemberFollowsItsSetToWhereThatWasLimited(t *testing.T) {
	h := testHost(t)
	cpu := v1Hierarchy(t, h, "cpu")
	set := setOf(t, h)
	g := testGroup(t, Spec{Memory: 64 << 20, Pids: 9, Set: set + "/in"})
	if err := h.SetLimits(set, Spec{Memory: Unlimited, Swap: Unlimited, Pids: Unlimited, CPUMax: 5000}); err != nil {
		t.Fatal(err)
	}
	p := start(t, g, "hang")
	in := func() bool {
		b, err := procCgroup(p.Process.Pid)
		if err != nil {
			t.Fatal(err)
		}
		return listed(b, 1, cpu.controllers, cpu.child(setPath(set+"/in")+"/"+g.Name()))
	}
	if in() {
		t.Fatal("it is under the limit before it was moved: the test shows nothing")
	}
	if err := h.FollowSet(g); err != nil {
		t.Fatal(err)
	}
	if !in() {
		t.Error("it is not under its set's limit")
	}
	if err := h.FollowSet(g); err != nil {
		t.Error("once more: ", err)
	}
	if ok, err := g.Contains(p.Process.Pid); !ok || err != nil {
		t.Errorf("its group does not contain it: %v, %v", ok, err)
	}
}

// A directory in which nobody is yet is not taken for everybody's.
func TestAFailedRebindIsDoneAgain(t *testing.T) {
	h := testHost(t)
	cpuset := v1Hierarchy(t, h, "cpuset")
	g := testGroup(t, Spec{Memory: 64 << 20, Pids: 9})
	p := start(t, g, "hang")
	if err := h.Rebind(g, "60000"); err == nil {
		t.Fatal("there is no CPU 60000")
	}
	if err := h.Rebind(g, "0"); err != nil {
		t.Fatal(err)
	}
	b, err := procCgroup(p.Process.Pid)
	if err != nil || !listed(b, 1, cpuset.controllers, cpuset.child(g.Name())) {
		t.Errorf("it is not in the cpuset of its group: %v\n%s", err, b)
	}
}
