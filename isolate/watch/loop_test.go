package watch

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func newLoop(t testing.TB) *Loop {
	t.Helper()
	l, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// run runs l until it is stopped; a minute means that it hangs.
func run(t testing.TB, l *Loop) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := l.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

func pipe(t testing.TB) (r, w int) {
	t.Helper()
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	return p[0], p[1]
}

func threads(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "\nThreads:")
	line, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestThreeHundredWaitingLoopsHoldNoThreads(t *testing.T) {
	const jails = 300
	before := threads(t)
	var wg, ready sync.WaitGroup
	ready.Add(jails)
	loops := make([]*Loop, jails)
	for i := range loops {
		l := newLoop(t)
		loops[i] = l
		l.At(time.Now().Add(time.Hour), func() {})
		l.Post(ready.Done)
		wg.Go(func() {
			if err := l.Run(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	ready.Wait()
	// A second round trip finds every loop waiting, or on its way there.
	ready.Add(jails)
	for _, l := range loops {
		l.Post(ready.Done)
	}
	ready.Wait()
	if n := threads(t) - before; n > 30 {
		t.Errorf("%d waiting loops brought %d threads", jails, n)
	}
	for _, l := range loops {
		l.Stop()
	}
	wg.Wait()
}

func TestDescriptorsAreLevelTriggered(t *testing.T) {
	l := newLoop(t)
	r, w := pipe(t)
	defer unix.Close(r)
	defer unix.Close(w)
	unix.Write(w, []byte("abc"))
	var got []byte
	err := l.Add(r, In, func(ev uint32) {
		if ev&In == 0 {
			t.Errorf("events %#x without In", ev)
		}
		var b [1]byte
		unix.Read(r, b[:]) // one byte a call: the rest must call again
		if got = append(got, b[0]); len(got) == 3 {
			l.Stop()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, l)
	if string(got) != "abc" {
		t.Errorf("got %q", got)
	}
}

func TestSilencedDescriptorDoesNotReportItsHangup(t *testing.T) {
	l := newLoop(t)
	r, w := pipe(t)
	defer unix.Close(r)
	calls := 0
	if err := l.Add(r, In, func(uint32) {
		if calls++; calls == 1 {
			l.Mod(r, 0)
			l.At(time.Now().Add(5*time.Millisecond), func() { l.Mod(r, In) })
			return
		}
		l.Stop()
	}); err != nil {
		t.Fatal(err)
	}
	unix.Close(w)
	run(t, l)
	if calls != 2 {
		t.Errorf("%d calls, want one before and one after the silence", calls)
	}
}

func TestDeletedDescriptorIsNotCalledForAnEventAlreadyHere(t *testing.T) {
	l := newLoop(t)
	var ends [2]int
	for i := range ends {
		r, w := pipe(t)
		ends[i] = r
		defer unix.Close(r)
		unix.Close(w)
	}
	calls := 0
	for i := range ends {
		if err := l.Add(ends[i], In, func(uint32) {
			calls++
			l.Del(ends[0])
			l.Del(ends[1])
			l.Post(l.Stop)
		}); err != nil {
			t.Fatal(err)
		}
	}
	run(t, l)
	if calls != 1 {
		t.Errorf("%d calls, want 1", calls)
	}
}

func TestFileThatEpollRefusesIsAlwaysReady(t *testing.T) {
	for _, name := range []string{"/dev/null", "/proc/self/exe"} {
		l := newLoop(t)
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		calls := 0
		if err := l.Add(int(f.Fd()), In, func(uint32) {
			if calls++; calls == 3 {
				l.Del(int(f.Fd()))
				l.At(time.Now().Add(5*time.Millisecond), l.Stop)
			}
		}); err != nil {
			t.Fatal(err)
		}
		run(t, l)
		if calls != 3 {
			t.Errorf("%s: %d calls, want 3", name, calls)
		}
	}
}

func TestTimersRunInTheirOrderAndCanBeStoppedAndReset(t *testing.T) {
	l := newLoop(t)
	now := time.Now()
	var order []string
	at := func(name string, ms int) *Timer {
		return l.At(now.Add(time.Duration(ms)*time.Millisecond), func() { order = append(order, name) })
	}
	at("c", 12)
	at("a", 4)
	stopped := at("never", 6)
	later := at("d", 2)
	at("b", 8)
	at("past", -5)
	if !stopped.Stop() || stopped.Stop() {
		t.Error("Stop does not say whether the timer was pending")
	}
	later.Reset(now.Add(16 * time.Millisecond))
	l.At(now.Add(20*time.Millisecond), l.Stop)
	run(t, l)
	if got := strings.Join(order, " "); got != "past a b c d" {
		t.Errorf("order %q", got)
	}
}

func TestTimerIsNotEarlyAndHardlyLate(t *testing.T) {
	l := newLoop(t)
	d := time.Now().Add(10 * time.Millisecond)
	var late time.Duration
	l.At(d, func() { late = time.Since(d); l.Stop() })
	run(t, l)
	if late < 0 || late > 500*time.Millisecond {
		t.Errorf("late by %v", late)
	}
}

func TestPostFromManyGoroutinesLosesNothing(t *testing.T) {
	l := newLoop(t)
	const each, posters = 500, 8
	n := 0
	for range posters {
		go func() {
			for range each {
				l.Post(func() {
					if n++; n == each*posters {
						l.Stop()
					}
				})
			}
		}()
	}
	run(t, l)
}

func TestPostingCallbackDoesNotStarveTimers(t *testing.T) {
	l := newLoop(t)
	var again func()
	again = func() { l.Post(again) }
	again()
	l.At(time.Now().Add(5*time.Millisecond), l.Stop)
	run(t, l)
}

func TestCancelIsACallbackAndTheLoopGoesOn(t *testing.T) {
	l := newLoop(t)
	ctx, cancel := context.WithCancel(context.Background())
	called := false
	l.OnCancel(func() {
		called = true
		l.At(time.Now().Add(time.Millisecond), l.Stop) // still serves
	})
	l.Post(cancel)
	if err := l.Run(ctx); err != nil || !called {
		t.Errorf("Run: %v, callback called: %v", err, called)
	}
}

func TestCancelWithoutCallbackEndsRunWithItsCause(t *testing.T) {
	l := newLoop(t)
	cause := errors.New("had enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	if err := l.Run(ctx); !errors.Is(err, cause) {
		t.Errorf("Run: %v", err)
	}
}

func TestErrorNamesTheDescriptorAndKeepsItsErrno(t *testing.T) {
	l := newLoop(t)
	err := l.Add(1<<20, In, nil)
	if !errors.Is(err, unix.EBADF) || !strings.Contains(err.Error(), "fd 1048576") {
		t.Errorf("Add: %v", err)
	}
	l.Close()
	l.Post(func() { t.Error("called on a closed loop") })
	l.Stop()
}
