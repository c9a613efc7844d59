package isolate_test

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/test/posture"
	"golang.org/x/sys/unix"
)

// TestRunsLeaveNothing runs many jails, a quarter of them killed at random
// moments, and counts everything that one can leave behind, before and after.
// It is done in pid, mount and ipc namespaces of its own, so that whatever is
// there is of these runs. JAIL_SOAK=1 makes it 10,000 runs.
func TestRunsLeaveNothing(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs CAP_SYS_ADMIN for namespaces of its own")
	}
	n := "300"
	if os.Getenv("JAIL_SOAK") != "" {
		n = "10000"
	}
	takeCensus(t, n)
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

// counted are the folders in which a jail might leave a file.
var counted = []string{"/tmp", "/dev/shm", "/run", "/mnt"}

// actCensus is pid 1 of its namespaces.
func actCensus(t *testing.T) {
	must(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	must(t, unix.Mount("proc", "/proc", "proc", 0, ""))
	for _, at := range counted[:3] {
		must(t, unix.Mount("tmpfs", at, "tmpfs", 0, "mode=1777"))
	}
	must(t, unix.Mount("mqueue", "/mnt", "mqueue", 0, ""))

	w := &works{owners: map[string]bool{}}
	w.owned(t, "self")
	w.all(t, 16) // what a process learns once, and its threads
	before := w.census(t)
	if os.Getenv(argVar) == "planted" {
		w.plant(t)
		for what, after := range w.census(t) {
			if difference(before[what], after) == "" {
				t.Errorf("what was left in %s was not seen", what)
			}
		}
		return
	}
	n, err := strconv.Atoi(os.Getenv(argVar))
	must(t, err)
	start := time.Now()
	w.all(t, n)
	t.Logf("%d runs in %v: %v", n, time.Since(start).Round(time.Millisecond), w.kinds)
	after := w.census(t)
	for what := range before {
		if d := difference(before[what], after[what]); d != "" {
			t.Errorf("%s: %s", what, d)
		}
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
	for _, dir := range counted { // a message queue too
		must(t, unix.Mknod(dir+"/left", unix.S_IFREG|0o600, 0))
	}
	must(t, unix.Mount("tmpfs", "/media", "tmpfs", 0, ""))
	litter(t)
	for owner := range w.owners {
		group := "/sys/fs/cgroup/pids/" + owner + "999"
		if _, err := os.Stat("/sys/fs/cgroup/pids"); err != nil {
			group = "/sys/fs/cgroup/" + owner + "999"
		}
		must(t, os.Mkdir(group, 0o755))
		t.Cleanup(func() { _ = os.Remove(group) })
	}
}

// works are the runs, and whose groups they make.
type works struct {
	mu     sync.Mutex
	owners map[string]bool // jail-PID-START- of each supervisor
	kinds  [4]int
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
		w.owned(t, strconv.Itoa(c.Process.Pid))
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

// owned notes whose groups are ours: a supervisor's pid and start time.
func (w *works) owned(t *testing.T, pid string) {
	b, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		t.Error(err)
		return
	}
	id, _, _ := strings.Cut(string(b), " ")
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.owners["jail-"+id+"-"+f[19]+"-"] = true
}

// waitForAll waits until no process but this one is left in the namespace: all
// orphans are pid 1's children.
func waitForAll(t *testing.T) {
	late := time.AfterFunc(10*time.Second, func() {
		fmt.Fprintln(os.Stderr, "processes that outlive their jail:", processes())
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
func (w *works) census(t *testing.T) map[string][]string {
	t.Helper()
	h, err := cgroup.Detect()
	must(t, err)
	if _, err := cgroup.GC(t.Context(), h); err != nil {
		t.Error(err)
	}
	h.Close()
	runtime.GC()
	c := map[string][]string{
		"processes":          processes(),
		"mounts":             lines(t, "/proc/self/mountinfo"),
		"network namespaces": links("/proc/[0-9]*/ns/net"),
		"shared memory":      lines(t, "/proc/sysvipc/shm"),
		"semaphores":         lines(t, "/proc/sysvipc/sem"),
		"message queues":     lines(t, "/proc/sysvipc/msg"),
		"descriptors":        links("/proc/self/fd/*"),
		"control groups":     w.groups(),
	}
	for _, dir := range counted {
		c[dir] = tree(dir)
	}
	return c
}

func processes() (list []string) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, d := range dirs {
		name, _ := os.ReadFile(d + "/comm")
		list = append(list, filepath.Base(d)+" "+strings.TrimSpace(string(name)))
	}
	return list
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return strings.Split(string(b), "\n")
}

// links lists what links point to.
func links(pattern string) (list []string) {
	names, _ := filepath.Glob(pattern)
	for _, n := range names {
		if to, err := os.Readlink(n); err == nil {
			list = append(list, posture.WithoutInodes(to))
		}
	}
	return list
}

func tree(dir string) (list []string) {
	_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		list = append(list, path)
		return err
	})
	return list
}

// groups lists the control groups of our supervisors but their seats: those of
// the living are still in use.
func (w *works) groups() (list []string) {
	_ = filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil
		}
		i := strings.LastIndexByte(d.Name(), '-') + 1
		if w.owners[d.Name()[:i]] && d.Name()[i:] != "0" {
			list = append(list, path)
		}
		return nil
	})
	return list
}

// difference says what one list has more often than the other.
func difference(before, after []string) string {
	n := map[string]int{}
	for _, s := range before {
		n[s]--
	}
	for _, s := range after {
		n[s]++
	}
	text := ""
	for s, k := range n {
		if k != 0 {
			text += fmt.Sprintf("\n%+d %s", k, s)
		}
	}
	return text
}
