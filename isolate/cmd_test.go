package isolate

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

// What was never launched must not keep its caller waiting at a pipe.
func TestAFailedStartEndsItsPipes(t *testing.T) {
	c := Command(nil)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if c.Start() == nil {
		t.Fatal("a command without a program was started")
	}
	if _, err := in.Write([]byte{1}); err == nil {
		t.Error("somebody still holds the other end of standard input")
	}
	if n, err := out.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("standard output gives %d, %v, not its end", n, err)
	}
}

func TestACmdMadeWithoutCommandRuns(t *testing.T) {
	c := &Cmd{Args: []string{"true"}}
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
}

func TestCombinedOutputHoldsBothStreamsWhole(t *testing.T) {
	c := Command(nil, "sh", "-c", "head -c 300000 /dev/zero; head -c 200000 /dev/zero >&2; exit 3")
	got, err := c.CombinedOutput()
	var exit *ExitError
	if len(got) != 500000 || !errors.As(err, &exit) || *exit.Result.ExitCode != 3 {
		t.Errorf("%d bytes, %v; want 500000 and exit status 3", len(got), err)
	}
	c = Command(nil, "true")
	c.Stderr = io.Discard
	if _, err := c.CombinedOutput(); err == nil {
		t.Error("a stream that is set already was replaced")
	}
}

// hanging is a stream at which nothing ever comes or goes.
type hanging struct{}

func (hanging) Read([]byte) (int, error)  { select {} }
func (hanging) Write([]byte) (int, error) { select {} }

// soon fails a test in which f takes longer than any launch.
func soon(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal(what)
	}
}

func TestAReaderThatHangsDoesNotKeepTheResult(t *testing.T) {
	c := Command(nil, "true")
	c.Stdin = hanging{}
	soon(t, "Run waits for a Read that never returns", func() {
		if err := c.Run(); err != nil {
			t.Error(err)
		}
	})
}

func TestCancelEndsTheWaitForAReaderOfTheOutput(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := CommandContext(ctx, nil, "echo")
	c.Stdout = hanging{}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond) // echo has ended by itself
	cancel()
	soon(t, "Wait waits for a Write that never returns", func() { _ = c.Wait() })
	if r := c.Result(); r.Reason != result.Exited || result.Lost(r) == "" {
		t.Errorf("reason %s, %q lost: the program had exited, its output was lost", r.Reason, result.Lost(r))
	}
}

// The last bytes are in a pipe when the program has exited: whether it is seen
// before they are must not decide the reason.
func TestOutputBeyondItsLimitIsTheReasonHoweverQuicklyTheProgramExits(t *testing.T) {
	for range 30 {
		c := Command(&policy.Policy{Limits: policy.Limits{Output: 1000}}, "head", "-c", "1001", "/dev/zero")
		var out bytes.Buffer
		c.Stdout = &out
		_ = c.Run()
		if r := c.Result(); r.Reason != result.OutputLimit || out.Len() != 1000 {
			t.Fatalf("reason %s after %d bytes", r.Reason, out.Len())
		}
	}
}
