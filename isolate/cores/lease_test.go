package cores

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/internal/alone"
)

// take leases cores, and gives them back when the test ends.
func take(t *testing.T, n int) *Lease {
	t.Helper()
	l := lease(t, n)
	t.Cleanup(l.Release)
	return l
}

func lease(t *testing.T, n int) *Lease {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	l, err := Take(ctx, Request{Number: n})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// all is how many cores there are to be leased.
func all(t *testing.T) int {
	own, err := Own()
	if err != nil {
		t.Fatal(err)
	}
	return len(topology{sysCPU}.whole(own))
}

// quick is how long a wait may take that an event ends: far less than
// LookAgain, which would end it too.
const quick = LookAgain / 2

func TestALeaseIsNobodyElses(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	n := all(t)
	l := take(t, n)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if second, err := Take(ctx, Request{Number: 1}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("of %d cores %s are leased, and another got %v, %v", n, l.CPUs, second, err)
	}
	if s, err := Would(1); err != nil || !s.Empty() {
		t.Errorf("one would get %q, %v", s, err)
	}
}

func TestTheHighestCoreIsLeasedFirst(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	want, err := Would(1)
	if err != nil {
		t.Fatal(err)
	}
	own, _ := Own()
	if l := take(t, 1); l.CPUs != want || !l.CPUs.Has(own.last()) {
		t.Errorf("leased %s; it was said that it would be %s, of %s", l.CPUs, want, own)
	}
}

func TestAReleaseWakesWhoWaits(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	l := lease(t, all(t))
	time.AfterFunc(50*time.Millisecond, l.Release)
	begin := time.Now()
	if next := take(t, 1); time.Since(begin) > quick || next.Waited < 50*time.Millisecond {
		t.Errorf("it took %v, and is said to have taken %v", time.Since(begin), next.Waited)
	}
}

// A killed holder's lease is over with him.
func TestAHoldersDeathWakesWhoWaits(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	if os.Getenv("HOLD_CORES") != "" {
		take(t, all(t))
		os.Stdout.WriteString("held\n")
		time.Sleep(time.Hour) // a goroutine that can never go on would end the process
	}
	c := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$")
	c.Env = append(os.Environ(), "HOLD_CORES=1")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Wait()
	if _, err := out.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, func() { _ = c.Process.Kill() })
	begin := time.Now()
	take(t, all(t))
	if took := time.Since(begin); took > quick || took < 40*time.Millisecond {
		t.Errorf("it took %v", took)
	}
}

func TestAWaitSaysOnceWhoHolds(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	l := lease(t, all(t))
	time.AfterFunc(WaitNotice+LookAgain+200*time.Millisecond, l.Release)
	said := 0
	next, err := Take(t.Context(), Request{Number: 1, OnWait: func(pids []int) {
		said++
		if len(pids) != 1 || pids[0] != os.Getpid() {
			t.Errorf("held by %v; we are %d", pids, os.Getpid())
		}
	}})
	if err != nil || said != 1 {
		t.Fatalf("said %d times, %v", said, err)
	}
	next.Release()
}

func TestAWaitServesItsCallersDescriptor(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	take(t, all(t))
	ctx, cancel := context.WithCancel(t.Context())
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	time.AfterFunc(20*time.Millisecond, func() { _, _ = w.Write([]byte{1}) })
	begin := time.Now()
	_, err = Take(ctx, Request{Number: 1, Wake: int(r.Fd()), Ready: func() {
		_, _ = r.Read(make([]byte, 1))
		cancel()
	}})
	if !errors.Is(err, context.Canceled) || time.Since(begin) > quick {
		t.Errorf("after %v: %v", time.Since(begin), err)
	}
}

func TestMoreCoresThanThereAreIsAnErrorAtOnce(t *testing.T) {
	own, _ := Own()
	for _, n := range []int{all(t) + 1, 0, -1} {
		_, err := Take(t.Context(), Request{Number: n})
		if !errors.Is(err, ErrTooMany) || !strings.Contains(err.Error(), own.String()) {
			t.Errorf("%d cores: %v", n, err)
		}
	}
}

// member joins as a jail without a lease, and answers as it is told.
func member(t *testing.T, id, base string, answer func(left Set) Answer) *Member {
	t.Helper()
	s, err := ParseSet(base)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Join(id, s)
	if err != nil {
		t.Fatal(err)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				left, _ := m.Look()
				m.Answer(answer(left))
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-stopped; m.Close() })
	return m
}

// honest stays if it must.
func honest(left Set) Answer {
	if left.Empty() {
		return Stays
	}
	return Left
}

func TestALeaseIsToldToWhoRuns(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	own, _ := Own()
	m := member(t, "told", own.String(), honest)
	if m.AnyLease() {
		t.Fatal("something is leased before")
	}
	l := take(t, 1)
	if l.Shared {
		t.Error("it is not alone, though all have left")
	}
	left, leased := m.Look()
	if !m.AnyLease() || left != own.Minus(l.CPUs) || len(leased) != 1 {
		t.Errorf("%s are left, %v leased", left, leased)
	}
	hear := Lessees(leased)
	defer closeAll(hear)
	l.Release()
	w := newWait(t.Context(), &Request{})
	if err := w.until(hear); err != nil || w.sofar() > quick {
		t.Errorf("the end was heard of after %v: %v", w.sofar(), err)
	}
	if left, _ := m.Look(); left != own || m.AnyLease() {
		t.Errorf("%s are left after it", left)
	}
}

// A jail without a lease keeps one core at least, and a lease is of another.
func TestALeaseLeavesEveryJailACore(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	own, _ := Own()
	if all(t) < 2 {
		t.Skip("feature two cores: there is but one")
	}
	top := topology{sysCPU}.core(own.last())
	member(t, "bound", top.String(), honest)
	if l := take(t, 1); l.CPUs.Minus(top) != l.CPUs || l.Shared {
		t.Errorf("leased %s, and a jail needs %s", l.CPUs, top)
	}
}

func TestTheLastCoreIsLeasedWhenNobodyNeedsIt(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	own, _ := Own()
	m, err := Join("last", own)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for begin := time.Now(); time.Since(begin) < 60*time.Millisecond; time.Sleep(time.Millisecond) {
			left, _ := m.Look()
			m.Answer(honest(left))
		}
		m.Close()
	}()
	begin := time.Now()
	l := take(t, all(t))
	<-ended
	if took := time.Since(begin); took < 50*time.Millisecond || took > quick || l.Shared {
		t.Errorf("all were leased after %v, shared %v", took, l.Shared)
	}
}

func TestALeaseSaysThatItIsNotAlone(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	own, _ := Own()
	member(t, "slow", own.String(), func(Set) Answer { return Shares })
	if l := take(t, 1); !l.Shared {
		t.Error("a jail that can't be moved is not told of")
	}
}

// A supervisor that is stopped must not stop others.
func TestALeaseWaitsNotLongForAnAnswer(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	own, _ := Own()
	m, err := Join("stopped", own)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	begin := time.Now()
	if l := take(t, 1); !l.Shared || time.Since(begin) > 3*answerTime {
		t.Errorf("after %v, shared %v", time.Since(begin), l.Shared)
	}
}

func TestALaunchWithoutALeaseWaitsForACore(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	own, _ := Own()
	l := lease(t, all(t))
	m, err := Join("waits", own)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	time.AfterFunc(50*time.Millisecond, l.Release)
	begin := time.Now()
	left, err := m.WaitFor(t.Context(), Request{})
	if err != nil || left != own || time.Since(begin) > quick {
		t.Errorf("after %v: %s, %v", time.Since(begin), left, err)
	}
}

// Who waits for long-lived leases leaves nothing in the lessee's queue.
func TestGuestsThatHaveGoneAreClosed(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	l := take(t, 1)
	door := l.Doors()[0]
	for range 3 * maxGuests {
		closeAll(Lessees([]int{l.CPUs.first()}))
		if !l.Receive(door) || len(l.guests) > 1 {
			t.Fatalf("%d guests", len(l.guests))
		}
	}
}
