package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/test/census"
)

// soak is a process that makes jail after jail through the library, and starts
// supervisors of others, some of which it kills.
type soak struct {
	options
	owners  census.Owners
	start   census.List
	columns []column
	looked  []look
	begun   time.Time

	mu    sync.Mutex
	count map[string]int
	wrong []string
}

// warm is how many runs come before the first count: what a process learns once,
// and the threads that it keeps.
const warm = 400

// tooWrong is how many wrong verdicts end the soak at once.
const tooWrong = 10

func host(o options) error {
	h := &soak{options: o, count: map[string]int{}, columns: columns(), begun: time.Now()}
	if err := h.owners.Add(os.Getpid()); err != nil {
		return err
	}
	draw := rand.New(rand.NewPCG(o.seed, 0))
	h.all(min(warm, o.runs), draw)
	var err error
	if h.start, err = h.settle(); err != nil {
		return err
	}
	h.print(h.look(0, h.start))
	h.begun = time.Now()
	for i := range o.looks {
		h.all(o.runs*(i+1)/o.looks-o.runs*i/o.looks, draw)
		if err := h.compare(o.runs * (i + 1) / o.looks); err != nil {
			return err
		}
	}
	return h.conclude()
}

// all makes n runs, several at a time, and waits for their ends. What each is to
// be is drawn from its own seed, so that the order of their ends changes nothing.
func (h *soak) all(n int, draw *rand.Rand) {
	seeds := make(chan uint64)
	var wg sync.WaitGroup
	for range h.workers {
		wg.Go(func() {
			for s := range seeds {
				h.one(s)
			}
		})
	}
	for range n {
		seeds <- draw.Uint64()
	}
	close(seeds)
	wg.Wait()
}

// one makes one run, and notes what was wrong with it.
func (h *soak) one(seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	k := pick(r)
	err := k.run(h, r)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count[k.name]++
	if err != nil {
		h.wrong = append(h.wrong, k.name+": "+err.Error())
		fmt.Printf("wrong: %s (run %#x): %v\n", k.name, seed, err)
	}
}

func pick(r *rand.Rand) *kind {
	total := 0
	for i := range kinds {
		total += kinds[i].weight
	}
	n := r.IntN(total)
	for i := range kinds {
		if n -= kinds[i].weight; n < 0 {
			return &kinds[i]
		}
	}
	return nil // the sum says that it is not reached
}

// settle waits until no process but pid 1 and this one is left, removes what
// killed supervisors are known to leave, and lists the rest.
func (h *soak) settle() (census.List, error) {
	if err := h.alone(); err != nil {
		return nil, err
	}
	if _, err := isolate.GC(context.Background()); err != nil {
		return nil, err
	}
	l, err := census.Take(&h.owners)
	h.owners.Forget(os.Getpid())
	return l, err
}

// orphans is how long the processes of a killed supervisor may take to end.
const orphans = 10 * time.Second

// alone polls what no event tells: that pid 1 has no child left but this one.
func (h *soak) alone() error {
	for end := time.Now().Add(orphans); ; time.Sleep(2 * time.Millisecond) {
		list := census.Processes()
		if len(list) == 2 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%v later there still are %v", orphans, list)
		}
	}
}

// compare counts what is left after so many runs.
func (h *soak) compare(done int) error {
	l, err := h.settle()
	if err != nil {
		return err
	}
	k := h.look(done, l)
	h.print(k)
	h.looked = append(h.looked, k)
	if d := l.Difference(h.start); d != "" {
		return fmt.Errorf("after %d runs this is left:\n%s", done, d)
	}
	if len(h.wrong) >= tooWrong {
		return errors.New("too many verdicts are wrong")
	}
	return nil
}

// conclude says how it went.
func (h *soak) conclude() error {
	took := time.Since(h.begun)
	fmt.Printf("%d runs in %v, %.0f a second\n", h.runs, took.Round(time.Second), float64(h.runs)/took.Seconds())
	for i := range kinds {
		fmt.Printf("%8d %s\n", h.count[kinds[i].name], kinds[i].name)
	}
	err := flat(h.looked)
	if n := len(h.wrong); n > 0 {
		err = errors.Join(fmt.Errorf("%d verdicts are wrong", n), err)
	}
	return err
}
