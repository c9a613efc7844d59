package isolate

import (
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// counts gives the process's threads and descriptors.
func counts(t *testing.T) (threads, fds int) {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(tasks), len(open)
}

// On a busy machine more system calls take long enough to cost the runtime a
// thread, which it keeps for the next: so the count may rise once, and again, but
// what a jail leaves behind it would leave each time.
func TestHundredsOfJailsAtOnceKeepThreadsAndDescriptors(t *testing.T) {
	if err := Command(nil, "true").Run(); err != nil { // the launcher's thread, and what is learnt once
		t.Fatal(err)
	}
	crowd(t, 100)
	threads, fds := counts(t)
	for range 3 {
		crowd(t, 300)
		after, fdsAfter := counts(t)
		if fdsAfter != fds {
			t.Errorf("descriptors: %d before, %d after", fds, fdsAfter)
		}
		if after <= threads+2 {
			return
		}
		t.Logf("threads: %d before, %d after", threads, after)
		threads = after
	}
	t.Error("300 jails leave threads behind, each time")
}

// crowd runs n jails side by side, one of them from a thread that ends.
func crowd(t *testing.T, n int) {
	t.Helper()
	var wg sync.WaitGroup
	errs := make(chan error, n)
	for i := range n {
		wg.Go(func() {
			if i == 7 {
				runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
			}
			c := Command(nil, "sh", "-c", "echo $((6*7)); exit 3")
			out, err := c.Output()
			if c.Result() == nil || c.Result().ExitCode == nil || *c.Result().ExitCode != 3 || strings.TrimSpace(string(out)) != "42" {
				errs <- err
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	runtime.GC()
}
