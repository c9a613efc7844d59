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

func TestHundredsOfJailsAtOnceKeepThreadsAndDescriptors(t *testing.T) {
	if err := Command(nil, "true").Run(); err != nil { // the launcher's thread, and what is learnt once
		t.Fatal(err)
	}
	threads, fds := warm(t)
	var wg sync.WaitGroup
	errs := make(chan error, 300)
	for i := range 300 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if i == 7 {
				runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
			}
			c := Command(nil, "sh", "-c", "echo $((6*7)); exit 3")
			out, err := c.Output()
			if c.Result() == nil || c.Result().ExitCode == nil || *c.Result().ExitCode != 3 || strings.TrimSpace(string(out)) != "42" {
				errs <- err
			}
		}()
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	runtime.GC()
	after, fdsAfter := counts(t)
	if fdsAfter != fds {
		t.Errorf("descriptors: %d before, %d after", fds, fdsAfter)
	}
	if after > threads+2 {
		t.Errorf("threads: %d before, %d after", threads, after)
	}
}

// warm runs jails side by side until the runtime has the threads that it wants:
// on a busy machine more system calls take long enough to cost one.
func warm(t *testing.T) (threads, fds int) {
	t.Helper()
	for range 10 {
		var wg sync.WaitGroup
		for range 300 {
			wg.Go(func() { _ = Command(nil, "true").Run() })
		}
		wg.Wait()
		runtime.GC()
		before := threads
		if threads, fds = counts(t); threads <= before {
			break
		}
	}
	return threads, fds
}
