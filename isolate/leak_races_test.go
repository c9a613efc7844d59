package isolate_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// endings are what may end a run besides the program, at any moment and from
// any goroutine, and the reasons that may come of it.
var endings = []struct {
	name    string
	end     func(*isolate.Cmd, context.CancelFunc)
	reasons []result.Reason
}{
	{"Kill", func(c *isolate.Cmd, _ context.CancelFunc) { _ = c.Kill() }, []result.Reason{result.Canceled, result.Exited}},
	{"cancel", func(_ *isolate.Cmd, cancel context.CancelFunc) { cancel() }, []result.Reason{result.Canceled, result.Exited}},
	{"SIGTERM", func(c *isolate.Cmd, _ context.CancelFunc) { _ = c.Signal(unix.SIGTERM) }, []result.Reason{result.Signaled, result.Exited}},
	{"all at once", func(c *isolate.Cmd, cancel context.CancelFunc) {
		var wg sync.WaitGroup
		wg.Go(func() { _ = c.Kill() })
		wg.Go(func() { _ = c.Signal(unix.SIGUSR1) })
		wg.Go(func() { _ = c.Kill() })
		wg.Go(cancel)
		wg.Wait()
	}, []result.Reason{result.Canceled, result.Exited, result.Signaled}},
}

func TestEveryEndingRacesWithWaitToOneResult(t *testing.T) {
	const rounds = 12
	for _, e := range endings {
		t.Run(e.name, func(t *testing.T) {
			var wg sync.WaitGroup
			for i := range rounds {
				wg.Go(func() { raceToTheEnd(t, time.Duration(i)*700*time.Microsecond, e.end, e.reasons) })
			}
			wg.Wait()
		})
	}
}

func raceToTheEnd(t *testing.T, after time.Duration, end func(*isolate.Cmd, context.CancelFunc), reasons []result.Reason) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := isolate.CommandContext(ctx, nil, "sh", "-c", "sleep 0.004; exit 0")
	if err := c.Start(); err != nil {
		t.Error(err)
		return
	}
	ended := make(chan struct{})
	time.AfterFunc(after, func() { end(c, cancel); close(ended) })
	_ = c.Wait()
	<-ended
	if r := c.Result(); r == nil || !slices.Contains(reasons, r.Reason) {
		t.Errorf("after %v: %+v", after, r)
	}
	if err := c.Signal(unix.SIGTERM); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("a signal after the end gives %v", err)
	}
	if err := c.Kill(); err != nil {
		t.Errorf("a kill after the end gives %v", err)
	}
}

func TestACancelDuringStartLeavesAResultOrAJail(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i)*400*time.Microsecond)
			defer cancel()
			c := isolate.CommandContext(ctx, nil, "sleep", "1000")
			err := c.Run()
			switch r := c.Result(); {
			case err == nil:
				t.Error("a canceled run gave no error")
			case r == nil && !errors.Is(err, context.DeadlineExceeded):
				t.Errorf("no result, and %v", err)
			case r != nil && r.Reason != result.Canceled:
				t.Errorf("after %v: %s: %v", time.Duration(i)*400*time.Microsecond, r.Reason, err)
			}
		})
	}
	wg.Wait()
}

// What was read is always a beginning of what was written, and then the end.
func TestAPipeOfAKilledJailEndsAfterWholeBytes(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			c := isolate.Command(nil, "seq", "1", "1000000000")
			out, err := c.StdoutPipe()
			if err == nil {
				err = c.Start()
			}
			if err != nil {
				t.Error(err)
				return
			}
			time.AfterFunc(time.Duration(i)*time.Millisecond, func() { _ = c.Kill() })
			checkSequence(t, out)
			if _ = c.Wait(); c.Result().Reason != result.Canceled {
				t.Errorf("%s", result.Sentence(c.Result()))
			}
		})
	}
	wg.Wait()
}

func checkSequence(t *testing.T, out io.Reader) {
	in := bufio.NewReader(out)
	for n := 1; ; n++ {
		line, err := in.ReadString('\n')
		switch {
		case err == io.EOF && strings.HasPrefix(strconv.Itoa(n), line):
			return
		case err != nil || line != strconv.Itoa(n)+"\n":
			t.Errorf("line %d reads %q, %v", n, line, err)
			return
		}
	}
}

func TestAWriterToADeadJailGetsAnErrorAndNoSignal(t *testing.T) {
	c := isolate.Command(nil, "head", "-c", "10")
	in, err := c.StdinPipe()
	must(t, err)
	must(t, c.Start())
	wrote := make(chan error, 1)
	go func() {
		block := make([]byte, 1<<16)
		for {
			if _, err := in.Write(block); err != nil {
				wrote <- err
				return
			}
		}
	}()
	must(t, c.Wait())
	if err := <-wrote; !errors.Is(err, unix.EPIPE) && !errors.Is(err, os.ErrClosed) {
		t.Errorf("the writer got %v", err)
	}
}

// policies differ in what a program can see of them.
var policies = []struct {
	name   string
	policy policy.Policy
	script string
	want   string
}{
	{"host name", policy.Policy{Hostname: "one"}, "uname -n", "one"},
	{"another host name", policy.Policy{Hostname: "two"}, "uname -n", "two"},
	{"variable", policy.Policy{Env: []string{"COLOR=red"}}, "echo $COLOR", "red"},
	{"no variable", policy.Policy{}, "echo x$COLOR", "x"},
	{"descriptors", policy.Policy{Limits: policy.Limits{OpenFiles: 77}}, "ulimit -n", "77"},
	{"stack", policy.Policy{Limits: policy.Limits{Stack: 1 << 20}}, "ulimit -s", "1024"},
	{"folder", policy.Policy{Chdir: "/tmp"}, "pwd", "/tmp"},
	{"time", policy.Policy{Limits: policy.Limits{Wall: time.Minute}}, "echo fine", "fine"},
	{"no filter", policy.Policy{Layers: policy.Layers{policy.LayerSeccomp: policy.Off}}, "grep -c '^Seccomp:.0' /proc/self/status", "1"},
	{"a filter", policy.Policy{}, "grep -c '^Seccomp:.2' /proc/self/status", "1"},
}

func TestJailsOfDifferentPoliciesSideBySideKeepTheirOwn(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 6 * len(policies) {
		row := &policies[i%len(policies)]
		wg.Go(func() {
			p := row.policy
			c := isolate.Command(&p, "sh", "-c", row.script)
			out, err := c.Output()
			if got := strings.TrimSpace(string(out)); err != nil || got != row.want {
				t.Errorf("%s: %q, not %q: %v", row.name, got, row.want, err)
			}
		})
	}
	wg.Wait()
}
