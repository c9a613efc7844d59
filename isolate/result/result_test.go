package result

import (
	"reflect"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/jailrun/jail/policy"
)

func TestConcludeTellsTheProgramsOwnEnd(t *testing.T) {
	tests := []struct {
		name   string
		set    func(*Evidence)
		exit   *int
		signal string
		status int
	}{
		{"exit 0", func(e *Evidence) { e.Started, e.WaitStatus = true, exitOf(0) }, new(0), "", 0},
		{"exit 125 of its own", func(e *Evidence) { e.Started, e.WaitStatus = true, exitOf(125) }, new(125), "", 125},
		{"SIGSEGV with a core", func(e *Evidence) { e.Started, e.WaitStatus = true, deathBy(unix.SIGSEGV|0x80) }, nil, "SIGSEGV", 139},
		{"kill -9 of itself", diedAlone(unix.SIGKILL, nil), nil, "SIGKILL", 137},
		{"a real-time signal", diedAlone(35, nil), nil, "SIGRTMIN+1", 163},
		{"wall limit", killedFor(CauseWall), nil, "SIGKILL", 137},
		{"wall limit, but it exited first", func(e *Evidence) { e.Started, e.Killed, e.WaitStatus = true, CauseWall, exitOf(0) }, nil, "", 137},
		{"a child's OOM kill", func(e *Evidence) { e.Started, e.WaitStatus = true, exitOf(0); oomKill(e) }, nil, "", 137},
		{"SIGXCPU", diedAlone(unix.SIGXCPU, func(e *Evidence) { e.CPUNS, e.CPULimitNS = new(int64(2)), new(int64(1)) }), nil, "SIGXCPU", 152},
		{"SIGXFSZ", diedAlone(unix.SIGXFSZ, func(e *Evidence) { e.FileSizeLimitBytes = new(int64(1)) }), nil, "SIGXFSZ", 153},
		{"SIGBUS on a full disk", diedAlone(unix.SIGBUS, func(e *Evidence) { e.Box = &Space{Blocks: 1} }), nil, "SIGBUS", 135},
		{"not found", func(e *Evidence) { e.Setup = &Setup{Exec: true, Errno: Errno(unix.ENOENT)} }, nil, "", 127},
		{"not executable", func(e *Evidence) { e.Setup = &Setup{Exec: true, Errno: Errno(unix.EACCES)} }, nil, "", 126},
		{"a mount failed", func(e *Evidence) { e.Setup = &Setup{Errno: Errno(unix.ENOENT)} }, nil, "", 125},
		{"nothing known", func(*Evidence) {}, nil, "", 125},
	}
	for _, test := range tests {
		r := New("a")
		test.set(&r.Evidence)
		r.Conclude()
		if !reflect.DeepEqual(r.ExitCode, test.exit) {
			t.Errorf("%s: exit_code %v", test.name, r.ExitCode)
		}
		if got := nameOf(r); got != test.signal {
			t.Errorf("%s: signal %q, want %q", test.name, got, test.signal)
		}
		if got := ExitStatus(r); got != test.status {
			t.Errorf("%s: status %d, want %d", test.name, got, test.status)
		}
	}
}

func nameOf(r *Result) string {
	if r.SignalName == nil {
		return ""
	}
	return *r.SignalName
}

func TestEveryLayerHasItsWall(t *testing.T) {
	var e Enforced
	v := reflect.ValueOf(&e).Elem()
	if v.NumField() != len(layers) {
		t.Fatalf("%d walls, %d layers", v.NumField(), len(layers))
	}
	for i, l := range layers {
		if tag := v.Type().Field(i).Tag.Get("json"); tag != string(l) {
			t.Errorf("wall %d is %q, layer %q", i, tag, l)
		}
		if e.At(l) != v.Field(i).Addr().Interface() {
			t.Errorf("At(%s) is another wall", l)
		}
	}
	if e.At("moat") != nil {
		t.Error("there is no moat")
	}
}

func TestNothingIsEnforcedUntilItIsSaid(t *testing.T) {
	r := New("a")
	for _, l := range layers {
		if w := r.Enforced.At(l); w.State != StateAbsent || w.Detail == "" {
			t.Errorf("%s: %+v", l, w)
		}
	}
}

func TestNoBoundIsNull(t *testing.T) {
	l := LimitsOf(policy.Limits{CPU: time.Second, Memory: policy.Unlimited, Pids: 3})
	if l.CPUNS == nil || *l.CPUNS != 1e9 || l.Pids == nil || *l.Pids != 3 {
		t.Errorf("%+v", l)
	}
	if l.MemoryBytes != nil || l.WallNS != nil || l.Cores != nil {
		t.Errorf("%+v", l)
	}
	if l.PidsAction != policy.ActionErrno || l.DiskAction != policy.ActionErrno {
		t.Errorf("%+v", l)
	}
}

func TestErrorIsNullUnlessItIsTheReason(t *testing.T) {
	for _, row := range rows {
		r := New("a")
		r.Error = &Failure{Op: "launch"}
		row.set(&r.Evidence)
		r.Conclude()
		if want := row.reason == SetupFailed || row.reason == Internal; (r.Error != nil) != want {
			t.Errorf("%s: error is %v with reason %s", row.name, r.Error, r.Reason)
		}
	}
}
