package layer

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime"
	"syscall"

	"github.com/jailrun/jail/rootfs/digest"
	"golang.org/x/sys/unix"
)

const confining = "confine"

// Command is the unpacker: a program that calls Serve.
type Command struct {
	// Path is the program's, absolute; "" takes FindUnpacker's.
	Path string
	// Args are its arguments; those of jaild are UnpackerName.
	Args []string
	// Keep is held open by the unpacker for as long as it lives, as a lock on what it
	// works on: it may be gone later than its caller, by some milliseconds.
	Keep *os.File
}

// UnpackerName is the command of jaild that calls Serve.
const UnpackerName = "__unpack"

// The unpacker's descriptors.
const (
	streamFd  = 0
	resultFd  = 1
	folderFd  = 3
	pipeRoom  = 1 << 20 // what a pipe may hold: pipe(7)
	mostReply = 64 << 10
)

// Confined is Unpack in a process of its own: in new user, mount, pid, network, IPC and
// UTS namespaces, on an empty root, with four capabilities over its own files, unable
// to gain others, and under Landlock, which leaves it dir alone. What of that stands is
// in Info.Walls. Where the host forbids user namespaces it fails, unless
// AllowUnconfined is set.
//
// It reads r in a goroutine, which it waits for, as Unpack does. The digest of what
// came is summed up here, and so is that of an archive that is not compressed. Of one
// that is, the unpacker is taken at its word, until Verify.
func Confined(ctx context.Context, c Command, r io.Reader, dir *os.File, o Options) (Info, error) {
	o.Limits = o.Limits.orDefaults()
	if c.Path == "" {
		found, err := FindUnpacker()
		if err != nil {
			return Info{}, err
		}
		c.Path, c.Args = found, []string{UnpackerName}
	}
	runtime.LockOSThread() // the unpacker is killed when the thread that made it ends: prctl(2), PR_SET_PDEATHSIG
	defer runtime.UnlockOSThread()
	p, err := start(&c, dir, &o)
	if err != nil {
		return Info{}, err
	}
	stop := context.AfterFunc(ctx, func() { _ = p.process.Kill() })
	defer stop()
	return p.run(ctx, r, &o)
}

// unpackerProcess is an unpacker that runs.
type unpackerProcess struct {
	process *os.Process
	stream  *os.File // to its standard input
	result  *os.File // from its standard output
}

// start starts the unpacker, if need be and allowed without namespaces.
func start(c *Command, dir *os.File, o *Options) (*unpackerProcess, error) {
	attr, err := namespaces()
	if err != nil {
		return nil, refuse(confining, c.Path, err)
	}
	p, err := startWith(c, dir, o, attr)
	if err == nil || !forbidden(err) {
		return p, refuse(confining, c.Path, err)
	}
	if !o.AllowUnconfined {
		return nil, &Error{Op: confining, Object: "the unpacker", Err: caused{ErrNoWalls, err}, Hint: `allow user namespaces ("jail doctor" says how), or let it run without (import --unconfined)`}
	}
	p, err = startWith(c, dir, o, &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL})
	return p, refuse(confining, c.Path, err)
}

// forbidden says whether an error is that of namespaces that may not be made: EPERM by
// a sysctl or a filter, ENOSPC and EUSERS by a bound, EINVAL by a kernel without them:
// clone(2).
func forbidden(err error) bool {
	for _, e := range [...]error{unix.EPERM, unix.EACCES, unix.ENOSPC, unix.EUSERS, unix.EINVAL, unix.ENOSYS} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func startWith(c *Command, dir *os.File, o *Options, attr *syscall.SysProcAttr) (*unpackerProcess, error) {
	args, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	in, stream, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	result, out, err := os.Pipe()
	if err != nil {
		stream.Close()
		return nil, err
	}
	defer out.Close()
	_, _ = unix.FcntlInt(stream.Fd(), unix.F_SETPIPE_SZ, pipeRoom) // a smaller one works too
	files := []*os.File{in, out, os.Stderr, dir}
	if c.Keep != nil {
		files = append(files, c.Keep)
	}
	argv := append(append([]string{"jaild"}, c.Args...), string(args))
	process, err := os.StartProcess(c.Path, argv, &os.ProcAttr{Files: files, Env: []string{}, Dir: "/", Sys: attr})
	if err != nil {
		stream.Close()
		result.Close()
		return nil, err
	}
	return &unpackerProcess{process, stream, result}, nil
}

// reply is what the unpacker writes: one of both.
type reply struct {
	Info  *Info    `json:"info,omitempty"`
	Error *problem `json:"error,omitempty"`
}

// run feeds the unpacker and takes its answer.
func (p *unpackerProcess) run(ctx context.Context, r io.Reader, o *Options) (Info, error) {
	feed := &feeder{counter: counter{r: r, sum: sha256.New()}}
	fed := make(chan error, 1)
	go func() { fed <- feed.to(p.stream) }()
	text, readErr := io.ReadAll(io.LimitReader(p.result, mostReply))
	p.result.Close()
	state, waitErr := p.process.Wait()
	feedErr := <-fed
	var a reply
	switch {
	case ctx.Err() != nil:
		return Info{}, refuse(unpacking, "", ctx.Err())
	case feedErr != nil:
		return Info{}, refuse("read", "the archive", feedErr)
	case readErr != nil || waitErr != nil:
		return Info{}, refuse(unpacking, "", errors.Join(readErr, waitErr))
	case json.Unmarshal(text, &a) != nil || a.Info == nil && a.Error == nil:
		return Info{}, &Error{Op: unpacking, Err: ErrUnpacker, Hint: "it ended with " + state.String() + "; try again"}
	case a.Error != nil:
		return Info{}, a.Error.asError()
	}
	return feed.judge(*a.Info, o)
}

// feeder hands an archive to the unpacker, and keeps what shows what it was.
type feeder struct {
	counter
	head []byte
}

// to copies until the archive or the unpacker ends. Why that has ended, it says itself.
func (f *feeder) to(w *os.File) error {
	defer w.Close()
	buf := make([]byte, pieceSize)
	for {
		n, err := f.Read(buf)
		if room := block - len(f.head); room > 0 {
			f.head = append(f.head, buf[:min(n, room)]...)
		}
		if _, e := w.Write(buf[:n]); e != nil {
			return nil
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// judge holds what the unpacker has said to what is known here.
func (f *feeder) judge(i Info, o *Options) (Info, error) {
	f.sum.Sum(i.Blob[:0])
	i.BlobBytes = f.n.Load()
	format, err := Detect(f.head)
	if err == nil && format == Tar {
		i.DiffID, i.StreamBytes = i.Blob, i.BlobBytes
	}
	i.Format = format
	if err == nil {
		err = matches("the archive as it came", o.Blob, i.Blob)
	}
	if err == nil {
		err = matches("the archive", o.DiffID, i.DiffID)
	}
	if err == nil && (i.StreamBytes < 0 || i.StreamBytes > o.Limits.Bytes || i.Bytes < 0 || i.Bytes > o.Limits.Bytes || i.Entries < 0 || i.DiffID == digest.Digest{}) {
		err = ErrUnpacker
	}
	if err != nil {
		return Info{}, refuse(unpacking, "", err)
	}
	return i, nil
}
