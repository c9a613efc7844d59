package isolate_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/test/census"
	"golang.org/x/sys/unix"
)

// TestRunsLeaveNothing runs many jails, a quarter of them killed at random
// moments, and counts everything that one can leave behind, before and after.
// It is done in pid, mount and ipc namespaces of its own, so that whatever is
// there is of these runs. "make soak" does the like for longer.
func TestRunsLeaveNothing(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs CAP_SYS_ADMIN for namespaces of its own")
	}
	takeCensus(t, "300")
}

// TestTheCensusSeesWhatIsLeft leaves one of each on purpose.
func TestTheCensusSeesWhatIsLeft(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs CAP_SYS_ADMIN for namespaces of its own")
	}
	takeCensus(t, "planted")
}

func takeCensus(t *testing.T, arg string) {
	t.Helper()
	dir := stageDirIn(t, "/var/tmp") // /tmp is covered there
	c := actor(t, "census", dir, arg)
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWIPC}
	run(t, c)
}

// actCensus is pid 1 of its namespaces.
func actCensus(t *testing.T) {
	must(t, census.Apart())
	w := &works{}
	must(t, w.owners.Add(os.Getpid()))
	w.all(t, 16) // what a process learns once, and its threads
	before := w.census(t)
	if os.Getenv(argVar) == "planted" {
		w.plant(t)
		after := w.census(t)
		for _, what := range append(before.Kinds(), "groups of "+w.planted) {
			if d := (census.List{what: after[what]}).Difference(census.List{what: before[what]}); d == "" {
				t.Errorf("what was left among the %s was not seen", what)
			}
		}
		return
	}
	n, err := strconv.Atoi(os.Getenv(argVar))
	must(t, err)
	start := time.Now()
	w.all(t, n)
	t.Logf("%d runs in %v: %v", n, time.Since(start).Round(time.Millisecond), w.kinds)
	if d := w.census(t).Difference(before); d != "" {
		t.Error(d)
	}
}

// plant leaves one of everything that is counted.
func (w *works) plant(t *testing.T) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "sleep", "1000")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	must(t, c.Start())
	t.Cleanup(func() { _, _ = c.Process.Kill(), c.Wait() })
	fd, err := unix.MemfdCreate("left", 0)
	must(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	for _, dir := range census.Folders() { // a message queue too
		must(t, unix.Mknod(dir+"/left", unix.S_IFREG|0o600, 0))
	}
	must(t, unix.Mount("tmpfs", "/media", "tmpfs", 0, ""))
	litter(t)
	name, err := census.Prefix(os.Getpid())
	must(t, err)
	w.planted = "pids"
	group := filepath.Join(census.Root, w.planted, name+"999")
	if _, err := os.Stat(filepath.Dir(group)); err != nil {
		w.planted = "all"
		group = filepath.Join(census.Root, name+"999")
	}
	must(t, os.Mkdir(group, 0o755))
	t.Cleanup(func() { _ = os.Remove(group) })
}

// works are the runs, and whose groups they make.
type works struct {
	mu      sync.Mutex
	owners  census.Owners
	kinds   [4]int
	planted string // the hierarchy in which a group was left
}

// all makes n runs, two at a time, and waits for all their processes.
func (w *works) all(t *testing.T, n int) {
	var wg sync.WaitGroup
	for k := range 2 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(7, uint64(k)))
			for i := k; i < n; i += 2 {
				w.one(t, i, r)
			}
		})
	}
	wg.Wait()
	waitForAll(t)
}

// one makes one run. Each fourth is killed, in one of three ways.
func (w *works) one(t *testing.T, i int, r *rand.Rand) {
	kind := 0
	if i%4 == 0 {
		kind = 1 + i/4%3
	}
	w.mu.Lock()
	w.kinds[kind]++
	w.mu.Unlock()
	moment := time.Duration(r.IntN(15000)) * time.Microsecond
	switch kind {
	case 0:
		if err := isolate.Command(nil, "sh", "-c", litterer).Run(); err != nil {
			t.Error(err)
		}
	case 1:
		ctx, cancel := context.WithTimeout(context.Background(), moment)
		_ = isolate.CommandContext(ctx, nil, "sh", "-c", litterer+";"+brood).Run()
		cancel()
	case 2:
		c := isolate.Command(nil, "sh", "-c", litterer+";"+brood)
		if err := c.Start(); err != nil {
			t.Error(err)
			return
		}
		time.AfterFunc(moment, func() { _ = c.Kill() })
		_ = c.Wait()
	case 3:
		w.victim(t, moment)
	}
}

const (
	// litterer leaves a file of each kind where it may, and IPC objects.
	litterer = `echo x >/tmp/f; echo x >/dev/shm/g; mkfifo /box/p; ipcmk -M 4096 -S 1 -Q >/dev/null; (sleep 100 &)`
	brood    = `for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do sleep 1000 & done; echo ready; wait`
)

// victim starts a supervisor of its own, and kills it at some moment.
func (w *works) victim(t *testing.T, moment time.Duration) {
	c := actor(t, "victim", os.Getenv(dirVar), "")
	c.Stdout = nil
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err == nil {
		_, err = bufio.NewReader(out).ReadString('\n')
		err = errors.Join(err, w.owners.Add(c.Process.Pid))
	}
	if err != nil {
		t.Error(err)
		return
	}
	time.AfterFunc(moment*2, func() { _ = c.Process.Kill() })
	_ = c.Wait()
}

// actVictim runs jail after jail until it is killed.
func actVictim(*testing.T) {
	fmt.Println("begin")
	for {
		_ = isolate.Command(nil, "sh", "-c", litterer).Run()
	}
}

// waitForAll waits until no process but this one is left in the namespace: all
// orphans are pid 1's children.
func waitForAll(t *testing.T) {
	late := time.AfterFunc(10*time.Second, func() {
		fmt.Fprintln(os.Stderr, "processes that outlive their jail:", census.Processes())
		os.Exit(1)
	})
	defer late.Stop()
	for {
		if _, err := syscall.Wait4(-1, nil, 0, nil); err == syscall.ECHILD {
			return
		}
	}
}

// census lists all that might be left.
func (w *works) census(t *testing.T) census.List {
	t.Helper()
	h, err := cgroup.Detect()
	must(t, err)
	if _, err := cgroup.GC(t.Context(), h); err != nil {
		t.Error(err)
	}
	h.Close()
	l, err := census.Take(&w.owners)
	must(t, err)
	return l
}
