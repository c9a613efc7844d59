package watch

import (
	"bytes"
	"io"
	"os"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal gives both sides of a new pseudo-terminal, blocking as a shell's is.
func terminal(t *testing.T) (master, slave int) {
	t.Helper()
	master, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here (/dev/ptmx): ", err)
	}
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(master, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err = unix.Open("/dev/pts/"+strconv.Itoa(n), unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

func TestTerminalThatNobodyReadsDoesNotBlockTheLoop(t *testing.T) {
	master, slave := terminal(t)
	defer unix.Close(slave)
	before, _ := unix.FcntlInt(uintptr(slave), unix.F_GETFL, 0)
	l := newLoop(t)
	r, w := pipe(t)
	feed(w, 300_000)
	rel, err := NewRelay(l, RelayOptions{From: Own(r), To: Borrow(slave), Limit: Unlimited, OnEOF: l.Stop})
	if err != nil {
		t.Fatal(err)
	}
	n := make(chan int64, 1)
	l.At(time.Now().Add(30*time.Millisecond), func() { // the loop lives, though the terminal is full
		if d := rel.Totals().Delivered; d == 0 || d == 300_000 {
			t.Errorf("%d delivered to a terminal that nobody reads", d)
		}
		go func() {
			c, _ := io.CopyN(io.Discard, os.NewFile(uintptr(master), ""), 300_000)
			n <- c
		}()
	})
	run(t, l)
	if c := <-n; c != 300_000 || rel.Totals().Err != nil {
		t.Errorf("arrived %d, %+v", c, rel.Totals())
	}
	if after, _ := unix.FcntlInt(uintptr(slave), unix.F_GETFL, 0); before != after {
		t.Errorf("flags before %#x, after %#x", before, after)
	}
}

func TestMasterSideEndsWhenTheOtherSideIsClosed(t *testing.T) {
	master, slave := terminal(t)
	unix.Write(slave, []byte("hello\n"))
	var out bytes.Buffer
	l := newLoop(t)
	rel, err := NewRelay(l, RelayOptions{From: Own(master), To: ToWriter(&out), Limit: Unlimited, OnEOF: l.Stop})
	if err != nil {
		t.Fatal(err)
	}
	l.At(time.Now().Add(5*time.Millisecond), func() { unix.Close(slave) })
	run(t, l)
	if out.String() != "hello\r\n" || rel.Totals().Err != nil {
		t.Errorf("%q, %+v", out.String(), rel.Totals())
	}
}

func TestSharedMasterSideIsServedThoughItCanNotBeOpenedAgain(t *testing.T) {
	master, slave := terminal(t)
	defer unix.Close(master)
	got := relay(t, RelayOptions{From: FromReader(bytes.NewReader([]byte("hello\n"))), To: Borrow(master), Limit: Unlimited})
	b := make([]byte, 100)
	n, _ := unix.Read(slave, b)
	unix.Close(slave)
	if string(b[:n]) != "hello\n" || got.Err != nil || got.Delivered != 6 {
		t.Errorf("%q, %+v", b[:n], got)
	}
}
