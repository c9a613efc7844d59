// Package steady measures how steady a host's times are: what one and the same
// piece of work takes, and how late timers are.
package steady

import (
	"context"
	"runtime"
	"slices"
	"time"

	"github.com/jailrun/jail/isolate/cores"
)

// Spread is how much a number of times differ.
type Spread struct {
	Runs  int   `json:"runs"`
	P5NS  int64 `json:"p5_ns"`  // five in a hundred were shorter, nanoseconds
	P50NS int64 `json:"p50_ns"` // half were shorter, nanoseconds
	P95NS int64 `json:"p95_ns"` // five in a hundred were longer, nanoseconds
}

// Percent is p95 − p5 in parts of a hundred of p50.
func (s *Spread) Percent() float64 {
	if s.P50NS <= 0 {
		return 0
	}
	return float64(s.P95NS-s.P5NS) / float64(s.P50NS) * 100
}

// Of sorts times, and gives their spread.
func Of(times []time.Duration) Spread {
	slices.Sort(times)
	at := func(p int) int64 {
		if len(times) == 0 {
			return 0
		}
		return int64(times[(len(times)-1)*p/100])
	}
	return Spread{Runs: len(times), P5NS: at(5), P50NS: at(50), P95NS: at(95)}
}

// Loops are two spreads of the same work.
type Loops struct {
	Shared  Spread
	Leased  *Spread   // nil where no core could be leased
	CPUs    cores.Set // those of the lease
	NoLease error     // why there was none
}

// piece is what one run of the work takes on an idle core, roughly: longer than a
// tick of most kernels, so that each can be interrupted.
const piece = 5 * time.Millisecond

// Run does the work so many times on any CPU, and as often on a leased core, in
// turns, so that both see the same host.
func Run(ctx context.Context, runs int) Loops {
	var l Loops
	lease, err := cores.Take(ctx, cores.Request{Number: 1})
	l.NoLease = err
	n := rounds()
	var shared, leased []time.Duration
	for range runs {
		shared = append(shared, onThread(cores.Set{}, n))
		if lease != nil {
			leased = append(leased, onThread(lease.CPUs, n))
		}
	}
	l.Shared = Of(shared)
	if lease != nil {
		l.CPUs = lease.CPUs
		s := Of(leased)
		l.Leased = &s
		lease.Release()
	}
	return l
}

// onThread times the work on a thread that is bound first, unless to nothing, and
// ends with it.
func onThread(on cores.Set, n int) time.Duration {
	took := make(chan time.Duration)
	go func() {
		runtime.LockOSThread() // for good: a bound thread is for nobody else
		if !on.Empty() {
			_ = on.Bind(0) // else the figure is one of any CPU, which it may be
		}
		begin := time.Now()
		runtime.KeepAlive(work(n))
		took <- time.Since(begin)
	}()
	return <-took
}

// rounds is how much work a piece is: by the best of some tries.
func rounds() int {
	const sample = 200_000
	best := time.Hour
	for range 5 {
		begin := time.Now()
		runtime.KeepAlive(work(sample))
		best = min(best, time.Since(begin))
	}
	return int(sample * int64(piece) / max(int64(best), 1))
}

// work is arithmetic alone: no memory, no system call. Each step needs the last.
//
//go:noinline
func work(n int) uint64 {
	x := uint64(88172645463325252)
	for range n {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}

// Timers is how late so many sleeps of a millisecond end.
func Timers(runs int) Spread {
	const nap = time.Millisecond
	var late []time.Duration
	for range runs {
		begin := time.Now()
		time.Sleep(nap)
		late = append(late, time.Since(begin)-nap)
	}
	return Of(late)
}
