package audit

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jailrun/jail/internal/filelock"
	"golang.org/x/sys/unix"
)

// held takes a log's lock, as another process would.
func held(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.Open(headOf(path))
	must(t, err)
	must(t, unix.Flock(int(f.Fd()), unix.LOCK_EX))
	t.Cleanup(func() { f.Close() })
	return f
}

func TestEmitNeverWaits(t *testing.T) {
	path := file(t)
	l := open(t, path, Options{Events: 10})
	f := held(t, path)
	start := time.Now()
	for range 1000 {
		l.Emit(some()[0])
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("it took %v", d)
	}
	ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	if err := l.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	unlock(f)
	must(t, l.Flush(background))
	must(t, l.Close(background))
	r := intact(t, path, VerifyOptions{})
	if r.Dropped == 0 || int64(r.Lines)+r.Dropped < 1000 {
		t.Errorf("%d lines, %d dropped", r.Lines, r.Dropped)
	}
}

func TestALockThatIsNotGivenBackIsAnError(t *testing.T) {
	path := file(t)
	write(t, path, 1, Options{})
	held(t, path)
	f, err := os.Open(headOf(path))
	must(t, err)
	defer f.Close()
	if err := filelock.Lock(background, f, unix.LOCK_EX, 30*time.Millisecond); err != filelock.ErrBusy {
		t.Errorf("%v", err)
	}
}

func TestALogIsWrittenWithoutBeingAsked(t *testing.T) {
	path := file(t)
	l := open(t, path, Options{Linger: time.Millisecond})
	l.Emit(some()[0])
	for range 500 {
		if textOf(t, path) != "" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if textOf(t, path) == "" {
		t.Error("nothing is written")
	}
	must(t, l.Close(background))
	half := open(t, path, Options{Linger: -1, Events: 8})
	for range 4 {
		half.Emit(some()[0])
	}
	for range 500 {
		if len(linesOf(t, path)) == 5 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n := len(linesOf(t, path)); n != 5 {
		t.Errorf("%d lines, with a queue that is half full", n)
	}
	must(t, half.Close(background))
}

func TestManyGoroutinesShareALog(t *testing.T) {
	path := file(t)
	l := open(t, path, Options{Linger: time.Millisecond, Sync: SyncFlush})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 100 {
				l.Emit(some()[0])
				if i%10 == 0 {
					ctx, cancel := context.WithTimeout(background, 20*time.Second)
					if err := l.Flush(ctx); err != nil {
						t.Error(err)
					}
					cancel()
				}
			}
		})
	}
	all.Wait()
	must(t, l.Close(background))
	if r := intact(t, path, VerifyOptions{}); r.Lines != 800 {
		t.Errorf("%d lines", r.Lines)
	}
	l.Emit(some()[0]) // nothing happens
	must(t, l.Close(background))
	if err := l.Flush(background); !errors.Is(err, ErrClosed) {
		t.Errorf("a flush of a closed one: %v", err)
	}
}

// Another process writes between two writes of ours, and the file is rotated under us.
func TestWritersTakeTurns(t *testing.T) {
	path := file(t)
	a, b := open(t, path, Options{Sync: SyncEach}), open(t, path, Options{MaxSize: leastSize})
	for i := range 600 {
		a.Emit(some()[i%7])
		must(t, a.Flush(background))
		b.Emit(some()[i%7])
		must(t, b.Flush(background))
	}
	must(t, a.Close(background))
	must(t, b.Close(background))
	r := intact(t, path, VerifyOptions{Rotated: true})
	if r.Recovered > 0 || len(r.Files) < 2 || r.Lines != uint64(1200+len(r.Files)-1) {
		t.Errorf("%+v", r)
	}
}
