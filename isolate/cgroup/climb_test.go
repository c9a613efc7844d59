package cgroup

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// busy makes a v2 group with two other processes inside, below one that
// distributes controllers.
func busy(t *testing.T, name string) (above, o *Host) {
	t.Helper()
	above = testHost(t)
	if above.Mode != ModeV2 {
		t.Skipf("needs cgroup v2 with the memory controller: mode is %s, %s/cgroup.controllers lacks it", above.Mode, standardRoot)
	}
	testGroup(t, small()) // so that they are enabled
	return above, outer(t, name, 2)
}

func procs(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(dir + "/cgroup.procs")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestABusyGroupWithoutLimitsIsPassedAndNobodyIsMoved(t *testing.T) {
	above, o := busy(t, "other-busy")
	dir := o.unified.path
	was := procs(t, dir)
	g, err := o.Create(o.NewName()+"7", small())
	if err != nil {
		t.Fatal(err)
	}
	defer g.Remove()
	if got, want := g.twin.tree.path, above.unified.path; got != want {
		t.Errorf("made in %s, want %s", got, want)
	}
	if now := procs(t, dir); now != was {
		t.Errorf("the group had %q and has %q", was, now)
	}
	if held := g.ReadBack(); held["memory.max"] == "" || held["pids.max"] != "40" {
		t.Errorf("holds %v", held)
	}
}

func TestALimitOfABusyGroupIsNotLeftBehind(t *testing.T) {
	_, o := busy(t, "other-limited")
	for file, value := range map[string]string{"pids.max": "100", "memory.max": "1G", "memory.high": "1G", "cgroup.max.depth": "5"} {
		path := filepath.Join(o.unified.path, file)
		if err := os.WriteFile(path, []byte(value), 0); err != nil {
			t.Fatal(err)
		}
		_, err := o.Create(o.NewName()+"8", small())
		var e *Error
		if !errors.Is(err, ErrLimited) || !errors.As(err, &e) || e.Path != path || e.Hint != delegateHint() {
			t.Errorf("with %s: %v", file, err)
		}
		if err := os.WriteFile(path, []byte("max"), 0); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheRootOfACgroupNamespaceIsNotPassed(t *testing.T) {
	_, o := busy(t, "other-container")
	o.unified.rel = "/"
	_, err := o.Create(o.NewName()+"9", small())
	var e *Error
	if !errors.Is(err, unix.EBUSY) || !errors.As(err, &e) || e.Hint != hintContainer {
		t.Error(err)
	}
}

func TestGCLooksAboveABusyGroup(t *testing.T) {
	above, o := busy(t, "other-gc")
	name := Name{PID: 1 << 30, Start: 9, Seq: 3}.String()
	if err := os.Mkdir(above.unified.path+"/"+name, 0o755); err != nil {
		t.Fatal(err)
	}
	if got, err := GC(t.Context(), o); len(got) != 1 || got[0] != name || err != nil {
		t.Errorf("collected %q, %v", got, err)
	}
}

func TestUnboundedWordsOfTheKernel(t *testing.T) {
	for _, tt := range []struct {
		text, none string
		want       bool
	}{
		{"max\n", "max", true},
		{"max 100000\n", "max", true},
		{"50000 100000\n", "max", false},
		{"1073741824\n", "max", false},
		{"\n", "", true},
		{"0-1\n", "", false},
		{"8:0 rbps=1048576 wbps=max riops=max wiops=max\n", "", false},
		{"0\n", "0", true},
		{"1\n", "0", false},
	} {
		if got := unbounded(tt.text, tt.none); got != tt.want {
			t.Errorf("unbounded(%q, %q) = %v", tt.text, tt.none, got)
		}
	}
}
