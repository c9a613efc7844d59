package isolate

import (
	"io"
	"os"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/isolate/watch"
	"golang.org/x/sys/unix"
)

// streams makes the pipes of the program's standard streams, starts the relays
// on our ends, and gives the program's ends. The program never gets a
// descriptor of the caller's: no TIOCSTI, no ftruncate, no reopening.
func (r *run) streams() (theirs [3]int, err error) {
	theirs = [3]int{-1, -1, -1}
	if theirs[0], err = r.input0(); err != nil {
		return theirs, err
	}
	if theirs[1], err = r.outputN(1, r.cmd.Stdout); err != nil {
		return theirs, err
	}
	if sameWriter(r.cmd.Stdout, r.cmd.Stderr) {
		theirs[2], err = again(theirs[1])
	} else {
		theirs[2], err = r.outputN(2, r.cmd.Stderr)
	}
	return theirs, err
}

// sameWriter says whether both streams go to one place: then one pipe keeps
// their order, and one Write is under way at a time. Writers that can't be
// compared are two.
func sameWriter(a, b io.Writer) (same bool) {
	defer func() { _ = recover() }()
	return a != nil && a == b
}

func again(fd int) (int, error) {
	fd, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return -1, &LaunchError{Op: "copy a pipe's end", Index: -1, Err: err, Hint: "raise the limit of open files (ulimit -n)"}
	}
	return fd, nil
}

func (r *run) input0() (int, error) {
	if r.cmd.Stdin == nil {
		fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return -1, &LaunchError{Op: "open /dev/null", Index: -1, Err: err}
		}
		return fd, nil
	}
	rd, wr, err := r.pipe()
	if err != nil {
		return -1, err
	}
	if r.mayClimb() || r.mayUngroup() || r.mayLose() {
		r.inputEnd = wr // a second try must find the input whole
		return rd, nil
	}
	return rd, r.feed(wr)
}

// feed starts to carry the input.
func (r *run) feed(wr int) (err error) {
	r.relays[0], err = watch.NewRelay(r.loop, watch.RelayOptions{
		From: watch.FromReader(r.cmd.Stdin), To: watch.Own(wr),
		Limit: watch.Unlimited, Rest: watch.RestClose,
	})
	if err != nil {
		return &LaunchError{Op: "read the program's input", Index: -1, Err: err, Hint: "give an open file, or none"}
	}
	return nil
}

// feedHeld does it for a launch that will not be tried again.
func (r *run) feedHeld() error {
	wr := r.inputEnd
	if wr < 0 {
		return nil
	}
	r.inputEnd = -1
	return r.feed(wr)
}

func (r *run) outputN(i int, w any) (int, error) {
	rd, wr, err := r.pipe()
	if err != nil {
		return -1, err
	}
	to, done := destination(w)
	r.relays[i], err = watch.NewRelay(r.loop, watch.RelayOptions{
		From: watch.Own(rd), To: to, Limit: r.limits.output, Rest: watch.RestClose,
		OnLimit: r.tooMuch,
		OnEOF:   func() { r.whenStarted(done); r.maybeStop() },
	})
	if err != nil {
		err = &LaunchError{Op: "carry the program's output", Index: -1, Err: err, Hint: "give an open file, or none"}
	}
	return wr, err
}

// whenStarted calls f once the program has been executed. A launch that is tried
// again needs the caller's pipes as they were.
func (r *run) whenStarted(f func()) {
	if r.ev.Started {
		f()
		return
	}
	r.onExec = append(r.onExec, f)
}

// tooMuch ends the jail for its output, also where the program was quicker to
// exit than its last bytes to arrive: the verdict must not hang on that.
func (r *run) tooMuch() {
	if r.nobodyLeft() && r.ev.Started && r.ev.Killed == "" {
		r.ev.Killed = result.CauseOutput
	}
	r.end(result.CauseOutput)
}

func destination(w any) (watch.End, func()) {
	switch w := w.(type) {
	case nil:
		return watch.End{}, func() {}
	case *pipeEnd:
		return watch.ToWriter(w.File), func() { w.Close() }
	case *os.File:
		return watch.ToWriter(w), func() {}
	case interface{ Write([]byte) (int, error) }:
		return watch.ToWriter(w), func() {}
	}
	return watch.End{}, func() {}
}

const chownHint = "root in a container needs CAP_CHOWN for the ids that it gives to runs: leave it that, or start jail as an ordinary user (--user 1000)"

// pipe makes a pipe of the run's own user, so that the program may open
// /dev/stdout as it may anywhere.
func (r *run) pipe() (rd, wr int, err error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return -1, -1, &LaunchError{Op: "make a pipe", Index: -1, Err: err, Hint: "raise the limit of open files (ulimit -n)"}
	}
	if r.ids != nil {
		if err := unix.Fchown(p[0], r.ids.target, r.ids.target); err != nil { // both ends are one inode
			unix.Close(p[0])
			unix.Close(p[1])
			return -1, -1, &LaunchError{Op: "give a pipe to the run's user", Index: -1, Err: err, Hint: chownHint}
		}
	}
	return p[0], p[1], nil
}
