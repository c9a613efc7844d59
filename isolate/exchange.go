package isolate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/rootfs/exchange"
	"golang.org/x/sys/unix"
)

// CopyIn is something that is copied into the jail before the program begins. It is the
// program's own then.
type CopyIn struct {
	// From is what is copied.
	From exchange.Source
	// To is where, a path inside; a relative one is below /box.
	To string
	// Options bound it. The owner is the program.
	Options exchange.InOptions
}

// CopyOut is something that is copied out of the jail when all its processes have
// ended.
type CopyOut struct {
	// From is a path or pattern inside; a relative one is below /box.
	From string
	// To is where it goes.
	To exchange.Sink
	// Options bound it.
	Options exchange.OutOptions
}

// CopyError says what could not be copied out of a jail whose program has ended.
type CopyError struct {
	From string // the path inside
	Err  error
}

func (e *CopyError) Error() string { return "copy " + e.From + " out of the jail: " + e.Err.Error() }

// Unwrap gives the cause, an *exchange.Error.
func (e *CopyError) Unwrap() error { return e.Err }

var (
	errNowhere  = errors.New("nothing can be copied there: only /box, /tmp, /dev/shm, and a root that can be written to, are the jail's own")
	errShownIn  = errors.New("it lies in what is shown of the host")
	errCopyIn   = errors.New("it lies in a copy of a folder (--cow), whose changes a --state keeps and jail state apply brings out")
	errOwnSize  = errors.New("it lies in a tmpfs that has a size of its own")
	errNotAlive = errors.New("the jail is not there")
)

// trees are the jail's own folders, as the supervisor has them: by descriptors, since no
// path leads there. They are made and closed by the run's goroutine, and used by any.
type trees struct {
	mu   sync.Mutex
	box  *os.File // of the quota's file system, in which /box, /tmp and others lie
	root *os.File // of a root that is an overlay
}

// take keeps descriptors that the jail has sent.
func (t *trees) take(box, root int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range []struct {
		to **os.File
		fd int
	}{{&t.box, box}, {&t.root, root}} {
		if f.fd >= 0 {
			*f.to = os.NewFile(uintptr(f.fd), "jail")
		}
	}
}

func (t *trees) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range []**os.File{&t.box, &t.root} {
		if *f != nil {
			(*f).Close()
			*f = nil
		}
	}
}

// boxFd is the descriptor of the quota's file system for the run's own goroutine, or -1.
func (t *trees) boxFd() int {
	if t.box == nil {
		return -1
	}
	return int(t.box.Fd())
}

// CopyIn copies into the jail while its program runs: between Start and Wait. The
// path to is as in the field of that name. The program may be in the same folders: what it does there can
// have the copy fail, and never lead elsewhere.
func (c *Cmd) CopyIn(ctx context.Context, from exchange.Source, to string, o exchange.InOptions) (exchange.Report, error) {
	if c.run == nil {
		return exchange.Report{}, ErrNotStarted
	}
	return c.run.copyIn(ctx, &CopyIn{from, to, o})
}

// CopyOut copies out of the jail while its program runs, and until Wait has been
// called.
func (c *Cmd) CopyOut(ctx context.Context, from string, to exchange.Sink, o exchange.OutOptions) (exchange.Report, error) {
	if c.run == nil {
		return exchange.Report{}, ErrNotStarted
	}
	return c.run.copyOut(ctx, &CopyOut{from, to, o})
}

func (r *run) copyIn(ctx context.Context, c *CopyIn) (exchange.Report, error) {
	tree, at, err := r.find(c.To)
	if err != nil {
		return exchange.Report{}, err
	}
	defer tree.Close()
	o := c.Options
	if o.Owner == nil {
		o.Owner = r.owner()
	}
	o.OneMount = true // what is shown of the host is the caller's own to fill
	return exchange.In(ctx, tree, c.From, at, o)
}

// owner is the program, as the host knows it; an ordinary user's is he himself.
func (r *run) owner() *exchange.Owner {
	if r.ids == nil {
		return nil
	}
	return &exchange.Owner{UID: r.ids.target, GID: r.ids.target}
}

func (r *run) copyOut(ctx context.Context, c *CopyOut) (exchange.Report, error) {
	tree, at, err := r.find(c.From)
	if err != nil {
		return exchange.Report{}, err
	}
	defer tree.Close()
	o := c.Options
	o.OneMount = true // nor is that copied
	return exchange.Out(ctx, tree, at, c.To, o)
}

// find gives the tree in which a path inside lies, and the path there. Close the tree.
func (r *run) find(inside string) (*os.File, string, error) {
	p := absolute(inside)
	tmpfs, err := r.tmpfsOf(p)
	if err != nil {
		return nil, "", &LaunchError{Op: "find " + strconv.Quote(inside) + " in the jail", Index: -1, Err: err}
	}
	r.trees.mu.Lock()
	defer r.trees.mu.Unlock()
	into := ""
	if strings.HasSuffix(inside, "/") {
		into = "/" // a folder that takes what is copied under its own name
	}
	if at, ok := r.inQuota(p, tmpfs); ok {
		return duplicate(r.trees.box, at+into)
	}
	if r.trees.root == nil && r.trees.box != nil {
		return nil, "", &LaunchError{Op: "find " + strconv.Quote(inside) + " in the jail", Index: -1, Err: errNowhere}
	}
	return duplicate(r.trees.root, strings.TrimPrefix(p+into, "/"))
}

// absolute is a path inside; a relative one is below /box.
func absolute(inside string) string {
	if !path.IsAbs(inside) {
		return path.Join("/box", inside)
	}
	return path.Clean(inside)
}

func duplicate(f *os.File, at string) (*os.File, string, error) {
	if f == nil {
		return nil, "", errNotAlive
	}
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, "", os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), f.Name()), cmp.Or(at, "."), nil
}

// tmpfsOf gives the tmpfs of the policy's in which a path lies, -1 if in none. It refuses
// what is shown of the host: that is the caller's own to copy, and not seen by the jail's
// trees.
func (r *run) tmpfsOf(p string) (int, error) {
	for i := len(r.policy.Files) - 1; i >= 0; i-- { // the deepest first
		f := &r.policy.Files[i]
		if !within(p, f.Target) || r.found.sources[i].Skip {
			continue
		}
		switch {
		case f.Kind == policy.FileCOW:
			return -1, errCopyIn
		case f.Kind != policy.FileTmpfs:
			return -1, errShownIn
		case r.tmpfsDir(i) == "":
			return -1, errOwnSize
		}
		return i, nil
	}
	return -1, nil
}

// inQuota gives the path that a path inside has in the quota's file system.
func (r *run) inQuota(p string, tmpfs int) (string, bool) {
	if tmpfs >= 0 {
		return r.tmpfsDir(tmpfs) + strings.TrimPrefix(p, r.policy.Files[tmpfs].Target), true
	}
	return plan.InQuota(p, r.in.Rooted())
}

// tmpfsDir is the folder in the quota of a tmpfs of the policy's; "" if it is a file
// system of its own.
func (r *run) tmpfsDir(i int) string {
	f, disk := &r.policy.Files[i], r.policy.Limits.Disk
	if f.Size > 0 && disk > 0 && f.Size < disk {
		return ""
	}
	return "t" + strconv.Itoa(i)
}

// copyAllIn puts the files of the caller's in, while the program waits.
func (r *run) copyAllIn() error {
	for i := range r.cmd.CopyIns {
		c := &r.cmd.CopyIns[i]
		report, err := r.copyIn(r.cmd.ctx, c)
		told := copied(result.CopiedIn, absolute(c.To), &report, err)
		if named, ok := c.From.(fmt.Stringer); ok {
			told.Source = named.String()
		}
		r.copied = append(r.copied, told)
		if err != nil {
			return &LaunchError{Op: "copy to " + strconv.Quote(absolute(c.To)) + " in the jail", Index: -1, Err: err, Hint: "nothing was run"}
		}
	}
	if len(r.cmd.CopyIns) == 0 {
		return nil
	}
	r.launch.Stop() // it took as long as it took
	r.launch = r.loop.At(time.Now().Add(launchDeadline), r.tooSlow)
	return nil
}

// copyAllOut takes the files of the program's out, when all that could change them is
// dead.
func (r *run) copyAllOut() {
	for i := range r.cmd.CopyOuts {
		c := &r.cmd.CopyOuts[i]
		report, err := r.copyOut(r.cmd.ctx, c)
		r.copied = append(r.copied, copied(result.CopiedOut, c.From, &report, err))
		if err != nil {
			r.lostFiles = append(r.lostFiles, &CopyError{c.From, err})
		}
	}
}

func copied(d result.Direction, at string, report *exchange.Report, err error) result.Copied {
	c := result.Copied{Direction: d, Path: at, Files: int64(report.Files), Bytes: report.Bytes, Truncated: report.Truncated, Skipped: int64(len(report.Skipped))}
	if err != nil {
		c.Error = err.Error()
	}
	return c
}
