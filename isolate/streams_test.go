package isolate

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/jailrun/jail/isolate/result"
	"golang.org/x/sys/unix"
)

// written is a file that holds text, open for reading and writing at its start.
func written(t *testing.T, text string) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// As with os/exec a file may be closed after Start: its number is then of
// whatever is opened next, which is nothing of the program's.
func TestAFileThatIsClosedAfterStartIsStillTheProgramsOwn(t *testing.T) {
	in, out := written(t, "input\n"), written(t, "")
	c := Command(nil, "sh", "-c", "sleep 0.2; read line; echo got $line")
	c.Stdin, c.Stdout = in, out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	out.Close()
	secret, victim := written(t, "a secret\n"), written(t, "") // they get the numbers
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(out.Name()); string(got) != "got input\n" {
		t.Errorf("the program's output is %q", got)
	}
	if got, _ := os.ReadFile(victim.Name()); len(got) > 0 {
		t.Errorf("another file got %q", got)
	}
	if at, _ := secret.Seek(0, io.SeekCurrent); at != 0 {
		t.Errorf("%d bytes of another file were read", at)
	}
}

func TestAPipeThatIsClosedAfterStartIsStillRead(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	c := Command(nil, "cat")
	c.Stdin, c.Stdout = r, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	r.Close()
	if _, err := w.WriteString("hello"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if err := c.Wait(); err != nil || out.String() != "hello" {
		t.Errorf("%v, output %q", err, out.String())
	}
}

// plain is a writer that can't be used by two goroutines at once.
type plain struct{ text []byte }

func (p *plain) Write(b []byte) (int, error) {
	p.text = append(p.text, b...)
	return len(b), nil
}

func TestOneWriterForBothStreamsKeepsTheirOrder(t *testing.T) {
	var w plain
	c := Command(nil, "sh", "-c", "for i in 1 2 3 4; do echo o$i; echo e$i >&2; done")
	c.Stdout, c.Stderr = &w, &w
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	if want := "o1\ne1\no2\ne2\no3\ne3\no4\ne4\n"; string(w.text) != want {
		t.Errorf("got %q, want %q", w.text, want)
	}
	if o := c.Result().Output; o.StdoutBytes != int64(len(w.text)) || o.StderrBytes != 0 {
		t.Errorf("counted %d and %d", o.StdoutBytes, o.StderrBytes)
	}
}

func TestWritersThatCannotBeComparedAreTwo(t *testing.T) {
	type odd struct {
		io.Writer
		_ []int
	}
	var a, b strings.Builder
	c := Command(nil, "sh", "-c", "echo o; echo e >&2")
	c.Stdout, c.Stderr = odd{Writer: &a}, odd{Writer: &b}
	if err := c.Run(); err != nil || a.String() != "o\n" || b.String() != "e\n" {
		t.Errorf("%v: %q and %q", err, a.String(), b.String())
	}
}

// Half an input must not be judged as if it were all of it.
func TestInputThatCannotBeReadIsTold(t *testing.T) {
	folder, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	for want, in := range map[string]io.Reader{
		"EISDIR":       folder,
		"network gone": io.MultiReader(strings.NewReader("half "), iotest.ErrReader(errors.New("network gone"))),
	} {
		c := Command(nil, "cat")
		c.Stdin = in
		err := c.Run()
		var exit *ExitError
		if !errors.As(err, &exit) || result.ExitStatus(c.Result()) != result.StatusFailed {
			t.Errorf("%s: %v, status %d", want, err, result.ExitStatus(c.Result()))
		}
		if why := c.Result().Output.StdinError; why == nil || !strings.Contains(*why, want) {
			t.Errorf("stdin_error is %v, want %s", why, want)
		}
	}
}

func TestAFileThatIsClosedBeforeStartIsAnErrorOfTheLaunch(t *testing.T) {
	f := written(t, "")
	f.Close()
	c := Command(nil, "true")
	c.Stdin = f
	err := c.Run()
	var le *LaunchError
	if !errors.As(err, &le) || le.Hint == "" || !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %#v", err)
	}
	if s := c.Result().Evidence.Setup; s == nil || s.Step == "" {
		t.Errorf("the result names no step: %+v", s)
	}
}

func TestStartOfWhatWasNeverExecutedIsAnError(t *testing.T) {
	executed := 0
	for i := range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		c := CommandContext(ctx, nil, "true")
		started := false
		c.OnStart = func(func(os.Signal) error) { started = true }
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range i * 8000 {
				_ = unix.Getpid()
			}
			cancel()
		}()
		err := c.Start()
		<-done
		if err == nil {
			_ = c.Wait()
		}
		if started {
			executed++
		}
		if started != (err == nil) {
			t.Errorf("executed: %v, Start gave %v", started, err)
		}
		if res := c.Result(); err != nil && res != nil && res.Reason != result.Canceled {
			t.Errorf("reason %s", res.Reason)
		}
	}
	t.Logf("%d of 20 were executed", executed)
}
