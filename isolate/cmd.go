// Package isolate runs one untrusted program fully isolated. Its API is shaped
// like os/exec: Command, Start, Wait, Run, Output, pipes, Kill, and a context
// that ends the jail.
//
// A Cmd may be used from any goroutine, but by one at a time; hundreds may run
// at once. A jail dies with the process that started it.
package isolate

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"

	"github.com/jailrun/jail/audit"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/rootfs/store"
)

// Cmd is a program to be run in a jail. It can be started once.
type Cmd struct {
	// Policy says what the program may do. Nil is the safe default.
	Policy *policy.Policy
	// Args holds the program and its arguments. A program without a slash is
	// looked for along the PATH inside.
	Args []string
	// Files are files of the caller's that are shown read-only under /box; see
	// Show. They need not be readable by the jail's user. Together they may hold
	// 256 MiB. Start closes them.
	Files []File

	// CopyIns are copied into the jail before the program begins, in this order; if one
	// can't be, nothing is run.
	CopyIns []CopyIn
	// CopyOuts are copied out when all processes of the jail have ended, however they
	// did. Wait's error says which could not be, by a CopyError each.
	CopyOuts []CopyOut

	// Stdin, Stdout and Stderr are always carried over pipes of the jail's own.
	// Nil reads as empty, and counts and discards. An *os.File is read or
	// written directly, never closed, and may be closed once Start has returned.
	// If Stdout and Stderr are the same, one pipe carries both in their order. A Read or Write that hangs may still be
	// under way when Wait returns.
	Stdin          io.Reader
	Stdout, Stderr io.Writer

	// Wake, if set, is watched while the jail is being built and runs.
	Wake *Wake
	// OnStart, if set, is called when the program has been executed, before
	// Start returns. It gets what Signal does, for use during Run, and must not
	// block.
	OnStart func(signal func(os.Signal) error)

	// OnWait, if set, is called once when the launch has waited a second for
	// cores (policy.Limits.Lease), on the goroutine of Start, with the processes
	// whose jails have leased them; 0 is one of another pid namespace.
	OnWait func(holders []int)

	// HoldThread lets Run wait in the kernel, holding its thread. It is a little
	// quicker, and meant for a process that runs one jail; hundreds at once
	// would cost a thread each.
	HoldThread bool

	// MeterIO asks for the traffic with block devices from a cgroup's own
	// counters: on cgroup v1 it costs one more group. Without it, and where no
	// group can count it, the traffic is that of the processes that were waited for
	// (getrusage(2)), unless a limit of it is set.
	MeterIO bool

	// Audit, if set, is told what happens, on the run's own goroutines. Its Emit
	// must not block; *audit.Log's doesn't.
	Audit audit.Sink
	// Redact, if set, takes secrets out of the texts of the result.
	Redact *audit.Redactor
	// Tenant and Labels go into the audit's launch, and nowhere else.
	Tenant string
	Labels []string

	// Assure, if set, is asked about an image that was not known to be on the disk when
	// the host went down, before it is used; image.Assure is one. Without it such an
	// image is refused until it was verified.
	Assure func(*store.Image) error

	// Watch has the run looked at more closely than for suspicious calls.
	Watch Watch
	// OnSeen, if set, is called for each watched call while it waits, on the
	// run's own goroutine. It must not block.
	OnSeen func(Seen)

	ctx    context.Context
	run    *run
	res    *result.Result
	pipes  []io.Closer // the program's ends, closed when it has ended, or was not launched
	waited bool
}

// Wake is a descriptor, and what is called on the run's own goroutine for as
// long as it can be read. Ready must read it and must not block.
type Wake struct {
	Fd    int
	Ready func()
}

// Command makes a Cmd that runs argv under p.
func Command(p *policy.Policy, argv ...string) *Cmd {
	return CommandContext(context.Background(), p, argv...)
}

// CommandContext is Command with a context: when it is done, the jail is
// killed, and the result's reason is canceled.
func CommandContext(ctx context.Context, p *policy.Policy, argv ...string) *Cmd {
	return &Cmd{Policy: p, Args: argv, ctx: ctx}
}

// Errors of use.
var (
	ErrStarted    = errors.New("isolate: already started")
	ErrNotStarted = errors.New("isolate: not started")
	ErrWaited     = errors.New("isolate: Wait was already called")
	ErrNoProgram  = errors.New("isolate: no program given")
)

// Start launches the program, and returns when it has been executed. On an
// error (*LaunchError, *ExecError, *policy.Error) nothing runs and nothing is
// left; Result then says the same. A context that is done already gives its
// error, and no result.
func (c *Cmd) Start() error {
	return c.launch(launch)
}

func (c *Cmd) launch(how func(*Cmd) (*run, error)) error {
	if c.run != nil || c.res != nil {
		return ErrStarted
	}
	if c.ctx == nil {
		c.ctx = context.Background()
	}
	defer c.closeFiles() // the jail has descriptors of its own
	if err := c.ctx.Err(); err != nil {
		c.closePipes()
		return err
	}
	r, err := how(c)
	if err != nil {
		r.sayIfHidden(err)
		c.res = r.failed(err)
		c.closePipes()
		return err
	}
	c.run = r
	return nil
}

// Wait waits for the end of the jail: of every process in it, and of all
// output. It gives nil for exit status 0 if no output was lost, else an
// *ExitError; a *CopyError, or a *state.Error, for what could not be copied out or kept
// joins it.
func (c *Cmd) Wait() error {
	if c.run == nil {
		return ErrNotStarted
	}
	if c.waited {
		return ErrWaited
	}
	c.waited = true
	c.res = c.run.wait()
	c.closePipes()
	var err error
	if result.ExitStatus(c.res) != 0 {
		err = &ExitError{Result: c.res}
	}
	if len(c.run.lostFiles) > 0 {
		err = errors.Join(append([]error{err}, c.run.lostFiles...)...)
	}
	return err
}

// Run is Start and Wait, on the caller's goroutine alone, which saves a little.
func (c *Cmd) Run() error {
	if err := c.launch(launchHere); err != nil {
		return err
	}
	return c.Wait()
}

// Output is Run that gives what the program wrote to standard output. It is an
// error if Stdout is set.
func (c *Cmd) Output() ([]byte, error) {
	if c.Stdout != nil {
		return nil, errors.New("isolate: Stdout already set")
	}
	var out bytes.Buffer
	c.Stdout = &out
	err := c.Run()
	return out.Bytes(), err
}

// CombinedOutput is Run that gives what the program wrote to standard output and
// standard error, in its order; the limit of output is then for both together.
// It is an error if Stdout or Stderr is set.
func (c *Cmd) CombinedOutput() ([]byte, error) {
	if c.Stdout != nil || c.Stderr != nil {
		return nil, errors.New("isolate: Stdout or Stderr already set")
	}
	var both bytes.Buffer
	c.Stdout, c.Stderr = &both, &both
	err := c.Run()
	return both.Bytes(), err
}

// Result says how the jail ended. It is nil before Wait has returned, or Start
// has failed.
func (c *Cmd) Result() *result.Result { return c.res }

// Kill ends the jail at once; the result's reason is canceled. It may be
// called from any goroutine once Start has returned, and more than once. During
// Run a context does the same.
func (c *Cmd) Kill() error {
	if c.run == nil {
		return ErrNotStarted
	}
	c.run.cancel()
	return nil
}

// Signal sends a signal to the program, not to its children. Pid 1 and the
// other walls are out of its reach.
func (c *Cmd) Signal(s os.Signal) error {
	if c.run == nil {
		return ErrNotStarted
	}
	return c.run.signal(s)
}

// StdinPipe gives the writing end of a pipe to the program's standard input.
// Close it to let the program see the end of its input.
func (c *Cmd) StdinPipe() (io.WriteCloser, error) {
	if c.Stdin != nil {
		return nil, errors.New("isolate: Stdin already set")
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c.Stdin = r
	c.pipes = append(c.pipes, r)
	return w, nil
}

// StdoutPipe gives the reading end of a pipe from the program's standard
// output. It ends when the jail does; read it to its end before Wait.
func (c *Cmd) StdoutPipe() (io.ReadCloser, error) { return c.outPipe(&c.Stdout) }

// StderrPipe is StdoutPipe for standard error.
func (c *Cmd) StderrPipe() (io.ReadCloser, error) { return c.outPipe(&c.Stderr) }

func (c *Cmd) outPipe(to *io.Writer) (io.ReadCloser, error) {
	if *to != nil {
		return nil, errors.New("isolate: the stream is already set")
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	*to = &pipeEnd{w}
	c.pipes = append(c.pipes, w)
	return r, nil
}

// closePipes lets whoever holds our ends of the pipes see that nobody holds the
// others any more.
func (c *Cmd) closePipes() {
	for _, p := range c.pipes {
		p.Close()
	}
	c.pipes = nil
}

// pipeEnd marks a file that the run closes when the stream has ended.
type pipeEnd struct{ *os.File }
