package isolate

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jailrun/jail/internal/alone"
	"github.com/jailrun/jail/isolate/cores"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

// job is what one job says of itself, on the clock that all jobs have in common.
type job struct {
	Allowed []int
	On      []int // where it was seen to run
	Begin   int64
	End     int64
}

// busyJob is bound to a CPU for some time, and looks where it is.
const busyJob = `
import ctypes, json, os, time
cpu = ctypes.CDLL(None).sched_getcpu
begin, on = time.monotonic_ns(), set()
while time.monotonic_ns() < begin + 20_000_000:
    on.add(cpu())
print(json.dumps({"Allowed": sorted(os.sched_getaffinity(0)), "On": sorted(on), "Begin": begin, "End": time.monotonic_ns()}))
`

// jobs runs so many side by side.
func jobs(n int, cores string) (all []job, errs error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range n {
		wg.Go(func() {
			p := &policy.Policy{Limits: policy.Limits{Cores: cores}, Layers: policy.Layers{policy.LayerTimeNS: policy.Off}} // one clock for all
			out, err := Command(p, "python3", "-c", busyJob).Output()
			var j job
			if err == nil {
				err = json.Unmarshal(out, &j)
			}
			mu.Lock()
			defer mu.Unlock()
			all, errs = append(all, j), errors.Join(errs, err)
		})
	}
	wg.Wait()
	return all, errs
}

// fromTwoSupervisors runs half of the jobs in this process, and half in another.
func fromTwoSupervisors(t *testing.T, n int, cores string) []job {
	t.Helper()
	other := exec.Command("/proc/self/exe", "-test.run=^TestLeasedJobsNeverShareACore$")
	other.Env = append(os.Environ(), "JAIL_TEST_JOBS="+strconv.Itoa(n/2), "JAIL_TEST_CORES="+cores)
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	other.Stderr = os.Stderr
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	all, err := jobs(n-n/2, cores)
	if err != nil {
		t.Error(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var j job
		if json.Unmarshal(lines.Bytes(), &j) == nil {
			all = append(all, j)
		}
	}
	if err := other.Wait(); err != nil {
		t.Error(err)
	}
	if len(all) != n {
		t.Errorf("%d of %d jobs have told of themselves", len(all), n)
	}
	return all
}

// otherSupervisor is the second one.
func otherSupervisor(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("JAIL_TEST_JOBS"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := jobs(n, os.Getenv("JAIL_TEST_CORES"))
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range all {
		line, _ := json.Marshal(j)
		os.Stdout.Write(append(line, '\n'))
	}
}

// shared counts the pairs of jobs that were on one CPU at one time.
func shared(all []job, where func(job) []int) (pairs int) {
	for i, a := range all {
		for _, b := range all[:i] {
			both := slices.ContainsFunc(where(a), func(c int) bool { return slices.Contains(where(b), c) })
			if both && a.Begin < b.End && b.Begin < a.End {
				pairs++
			}
		}
	}
	return pairs
}

// several gives the CPUs that we may use, and skips a test where they are one.
func several(t *testing.T) cores.Set {
	t.Helper()
	own, err := cores.Own()
	if err != nil {
		t.Fatal(err)
	}
	if own.Count() < 2 {
		t.Skip("feature two cores: there is but one")
	}
	return own
}

func allowed(j job) []int { return j.Allowed }
func on(j job) []int      { return j.On }

func TestLeasedJobsNeverShareACore(t *testing.T) {
	if os.Getenv("JAIL_TEST_JOBS") != "" {
		otherSupervisor(t)
		return
	}
	if !alone.Cores(t) {
		return
	}
	own := several(t)
	free := fromTwoSupervisors(t, 10, "")
	if shared(free, on) == 0 {
		t.Fatal("jobs without a lease share no core either: nothing is tested")
	}
	all := fromTwoSupervisors(t, 50, "1")
	if n, m := shared(all, allowed), shared(all, on); n > 0 || m > 0 {
		t.Errorf("%d pairs of leased jobs might have run on one core at one time, %d did", n, m)
	}
	used := map[int]int{}
	for _, j := range all {
		used[j.On[0]]++
		if len(j.On) != 1 || !slices.Equal(j.On, j.Allowed) {
			t.Errorf("a job was allowed on %v and ran on %v", j.Allowed, j.On)
		}
	}
	if len(used) != own.Count() {
		t.Errorf("of CPUs %s only %v were used", own, used)
	}
	t.Logf("jobs on each CPU: %v; without leases %d pairs of 10 shared one", used, shared(free, on))
}

// A program asks for all CPUs, and says which it has then.
const widen = `
import os
try: os.sched_setaffinity(0, range(1024))
except OSError as e: print(e.errno)
print(*sorted(os.sched_getaffinity(0)))
`

// wouldLease is the core that a lease of one would be of now.
func wouldLease(t *testing.T) cores.Set {
	t.Helper()
	s, err := cores.Would(1)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAProgramCannotWidenItsLease(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	want := wouldLease(t)
	for _, c := range []struct {
		how    string
		level  policy.Level
		before string
	}{{"a cpuset holds it", policy.Require, ""}, {"a filter holds it", policy.Off, "1\n"}} {
		p := &policy.Policy{Limits: policy.Limits{Cores: "1"}, Layers: policy.Layers{policy.LayerCgroup: c.level}}
		cmd := Command(p, "python3", "-c", widen)
		out, err := cmd.Output()
		if err != nil || string(out) != c.before+want.String()+"\n" {
			t.Errorf("%s: %q, %v; want %s", c.how, out, err, want)
		}
		if got := cmd.Result().Cores; got == nil || !got.Lease || got.List != want.String() || got.Shared {
			t.Errorf("%s: the result says %+v", c.how, got)
		}
	}
}

// watching tells of each change of the CPUs it may use, and tries to widen them.
const watching = `
import os, time
was = None
while True:
    now = sorted(os.sched_getaffinity(0))
    if now != was: was = now; print(*now, flush=True)
    if os.path.exists("/box/widen"):
        os.sched_setaffinity(0, range(1024))
    time.sleep(0.001)
`

// watched is a jail that says which CPUs it may use.
type watched struct {
	t    *testing.T
	cmd  *Cmd
	said *bufio.Scanner
}

func watchJail(t *testing.T, p *policy.Policy, prog string) *watched {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &watched{t: t, cmd: CommandContext(ctx, p, "python3", "-c", prog)}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	w.said = bufio.NewScanner(out)
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = w.cmd.Wait() })
	return w
}

func (w *watched) hears(want cores.Set) {
	w.t.Helper()
	soon(w.t, "the jail was never moved to "+want.String(), func() {
		if !w.said.Scan() {
			w.t.Errorf("it has ended")
		}
	})
	got, _ := cores.ParseSet(strings.ReplaceAll(w.said.Text(), " ", ","))
	if got != want {
		w.t.Errorf("it is on CPUs %s, not %s", got, want)
	}
}

// kinds of jails without a lease, by what holds them to their CPUs.
var unleased = []struct {
	how   string
	level policy.Level
	prog  string
}{
	{"by a cpuset that it can't leave", policy.Require, strings.Replace(watching, `os.path.exists("/box/widen")`, "True", 1)},
	{"by its affinity", policy.Off, watching},
}

func TestAJailThatRunsLeavesACoreThatIsLeased(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	own := several(t)
	for _, u := range unleased {
		t.Run(u.how, func(t *testing.T) {
			w := watchJail(t, &policy.Policy{Layers: policy.Layers{policy.LayerCgroup: u.level}}, u.prog)
			w.hears(own)
			for range 2 {
				l, err := cores.Take(t.Context(), cores.Request{Number: 1})
				if err != nil {
					t.Fatal(err)
				}
				w.hears(own.Minus(l.CPUs))
				if l.Shared {
					t.Error("the lease is said to be shared")
				}
				l.Release()
				w.hears(own)
			}
		})
	}
}

func TestAJailThatIsLaunchedKeepsOffWhatIsLeased(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	own := several(t)
	for _, u := range unleased {
		t.Run(u.how, func(t *testing.T) {
			l, err := cores.Take(t.Context(), cores.Request{Number: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Release()
			w := watchJail(t, &policy.Policy{Layers: policy.Layers{policy.LayerCgroup: u.level}, Env: nil}, u.prog)
			w.hears(own.Minus(l.CPUs))
			l.Release()
			w.hears(own)
		})
	}
}

// A lessee that was killed can tell nobody.
func TestAKilledLesseeNarrowsNobody(t *testing.T) {
	if os.Getenv("JAIL_TEST_LEASE") != "" {
		_ = Command(&policy.Policy{Limits: policy.Limits{Cores: "1"}}, "sleep", "100").Run()
		return
	}
	if !alone.Cores(t) {
		return
	}
	own := several(t)
	w := watchJail(t, nil, watching)
	w.hears(own)
	lessee := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$")
	lessee.Env = append(os.Environ(), "JAIL_TEST_LEASE=1")
	if err := lessee.Start(); err != nil {
		t.Fatal(err)
	}
	would, _ := cores.Would(1)
	w.hears(own.Minus(would))
	_ = lessee.Process.Kill()
	_ = lessee.Wait()
	begin := time.Now()
	w.hears(own)
	if took := time.Since(begin); took >= cores.LookAgain/2 {
		t.Errorf("it was heard of after %v: by a look, and no event", took)
	}
}

// leaseAll leases every core for as long as the test lasts, and gives them.
func leaseAll(t *testing.T) cores.Set {
	t.Helper()
	own := several(t)
	l, err := cores.Take(t.Context(), cores.Request{Number: own.Count()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Release)
	return own
}

func TestEveryCoreLeasedMakesALaunchWaitAndThenShare(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	own := leaseAll(t)
	c := Command(nil, "true")
	begin := time.Now()
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	got := c.Result().Cores
	if took := time.Since(begin); took < coreWait || !got.Shared || time.Duration(got.WaitedNS) < coreWait || got.List != own.String() {
		t.Errorf("after %v: %+v", took, got)
	}
	if wall := c.Result().Usage.Wall(); wall > coreWait/2 {
		t.Errorf("the wait counts as the program's time: %v", wall)
	}
}

func TestALeaseThatIsWaitedForIsCanceled(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	leaseAll(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	c := CommandContext(ctx, &policy.Policy{Limits: policy.Limits{Cores: "1", Wall: time.Millisecond}}, "true")
	if err := c.Run(); !errors.Is(err, context.DeadlineExceeded) || c.Result().Reason != result.Canceled {
		t.Errorf("%v, %s", err, c.Result().Reason)
	}
}

func TestWhatIsNoListOrNoLeaseIsRefused(t *testing.T) {
	own, _ := cores.Own()
	for list, words := range map[string]string{
		"999":        "CPUs " + own.String(),
		"0-1000":     "not among those that jail may use, " + own.String(),
		"1000,0":     own.String(),
		"1000-1001":  own.String(),
		"8000":       own.String(),
		"8000-8001 ": "cores",
	} {
		c := Command(&policy.Policy{Limits: policy.Limits{Cores: list}}, "true")
		if err := c.Run(); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v; want %q", list, err, words)
		}
	}
}

// runtimes print how many processors they believe to have, and Java the heap
// that it would take at most.
func TestRuntimesSeeTheLease(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	dir := t.TempDir()
	gosrc := filepath.Join(dir, "main.go")
	if err := os.WriteFile(gosrc, []byte("package main\nimport \"runtime\"\nfunc main() { println(runtime.NumCPU(), runtime.GOMAXPROCS(0)) }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	goprog := filepath.Join(dir, "procs")
	if out, err := exec.Command("go", "build", "-o", goprog, gosrc).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	java := filepath.Join(dir, "Procs.java")
	if err := os.WriteFile(java, []byte("class Procs { public static void main(String[] a) { Runtime r = Runtime.getRuntime(); System.out.println(r.availableProcessors() + \" \" + (r.maxMemory() <= (512L << 20) * 65 / 100)); } }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		argv []string
		want string
	}{
		{[]string{"node", "-p", "os.availableParallelism()"}, "1"},
		{[]string{"python3", "-c", "import os; print(len(os.sched_getaffinity(0)), os.environ['PYTHON_CPU_COUNT'], getattr(os, 'process_cpu_count', lambda: 1)())"}, "1 1 1"},
		{[]string{goprog}, "1 1"},
		{[]string{"sh", "-c", "echo $GOMAXPROCS $OMP_NUM_THREADS $DOTNET_PROCESSOR_COUNT; nproc"}, "1 1 1\n1"},
		{[]string{"java", java}, "1 true"},
	} {
		if _, err := exec.LookPath(c.argv[0]); err != nil {
			t.Logf("%s is not there", c.argv[0])
			continue
		}
		p := &policy.Policy{Limits: policy.Limits{Cores: "1"}, Files: []policy.File{{Kind: policy.FileRO, Source: dir, Target: dir}}}
		cmd := Command(p, c.argv...)
		out, err := cmd.CombinedOutput()
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		got := strings.Join(slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "Picked up") }), "\n")
		if err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", c.argv[0], got, err, c.want)
		}
	}
}
