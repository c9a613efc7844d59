package limits

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// TestMain is also the program in the jails: its first argument names what it
// does, and what it has measured it prints as "NAME NUMBER" lines.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if f := programs[os.Args[1]]; f != nil {
			if err := f(os.Args[2:]); err != nil {
				fmt.Fprintln(os.Stderr, os.Args[1]+":", err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

// ran is what became of a program in a jail.
type ran struct {
	*result.Result
	said map[string]float64
	text string
}

// start begins a program of this package in a jail.
func start(t *testing.T, p policy.Policy, args ...string) func() ran {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	base := filepath.Base(self)
	c := isolate.Command(withLandlockTried(p), append([]string{"/box/" + base}, args...)...)
	c.MeterIO = true
	if err := c.Show(filepath.Dir(self), base); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); errors.Is(err, unix.ENOSYS) && len(p.Files) > 0 {
		t.Skip("needs idmapped mounts of this file system (Linux 5.12; tmpfs 6.3): ", err)
	} else if err != nil {
		t.Fatal(err)
	}
	return func() ran {
		_ = c.Wait() // how it ended is in the result
		r := ran{c.Result(), map[string]float64{}, out.String()}
		for line := range strings.Lines(r.text) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			if n, err := strconv.ParseFloat(value, 64); err == nil {
				r.said[name] = n
			}
		}
		return r
	}
}

// withLandlockTried: kernels of the matrix lack it, and no limit is by it.
func withLandlockTried(p policy.Policy) *policy.Policy {
	layers := policy.Layers{policy.LayerLandlock: policy.Try}
	for l, v := range p.Layers {
		layers[l] = v
	}
	p.Layers = layers
	return &p
}

// in gives programs the moment that is so far away.
func in(d time.Duration) string { return strconv.FormatInt(time.Now().Add(d).UnixNano(), 10) }

func run(t *testing.T, p policy.Policy, args ...string) ran {
	t.Helper()
	return start(t, p, args...)()
}

// done runs a program that must end well.
func done(t *testing.T, p policy.Policy, args ...string) ran {
	t.Helper()
	r := run(t, p, args...)
	if r.Reason != result.Exited || *r.ExitCode != 0 {
		t.Fatalf("%v: %s: %s", args, r.Reason, r.text)
	}
	return r
}

// offered ends a test on a host whose cgroups can't have a controller at all.
func offered(t *testing.T, controller string) cgroup.Fact {
	t.Helper()
	h, err := cgroup.Detect()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	for _, f := range h.Describe() {
		if f.Controller == controller && f.Writable && h.Why() == nil {
			return f
		}
	}
	t.Skip("needs the cgroup controller " + controller + " where this user may make groups")
	return cgroup.Fact{}
}

// steady measures a share up to thrice, until it is within a part of what it should
// be: a busy host takes CPU time and its disk from any program. What nobody holds
// is off each time.
func steady(t *testing.T, what string, want, part float64, measure func() float64) {
	t.Helper()
	again(t, what, want, part, measure, func(got float64) bool { return math.Abs(got-want) > want*part })
}

// bounded measures up to thrice what a limit bounds. A busy host may leave less of
// it; more is no accident, and not measured again.
func bounded(t *testing.T, what string, want, part float64, measure func() float64) {
	t.Helper()
	again(t, what, want, part, measure, func(got float64) bool { return got < want*(1-part) })
}

func again(t *testing.T, what string, want, part float64, measure func() float64, off func(float64) bool) {
	t.Helper()
	got := measure()
	for range 2 {
		if off(got) {
			t.Logf("%s: %.4g, once more", what, got)
			got = measure()
		}
	}
	near(t, what, got, want, part)
}

// near fails the test unless a figure is within a part of what it should be.
func near(t *testing.T, what string, got, want, part float64) {
	t.Helper()
	t.Logf("%s: %.4g, want %.4g", what, got, want)
	if got < want*(1-part) || got > want*(1+part) {
		t.Errorf("%s is %.4g, not within %.0f %% of %.4g", what, got, 100*part, want)
	}
}
