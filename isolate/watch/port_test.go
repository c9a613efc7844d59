package watch

import (
	"bytes"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestPipeWithoutNoWaitIsOpenedAgainAndItsFlagsStay(t *testing.T) {
	l := newLoop(t)
	r, w := pipe(t)
	defer unix.Close(r)
	defer unix.Close(w)
	p, err := newPort(l, w, endBorrowed, Out, func() {})
	if err != nil {
		t.Fatal(err)
	}
	p.reopen() // as on a kernel before 6.4
	if p.how != asIs || p.fd == w {
		t.Fatalf("not opened again: %+v", p)
	}
	total := 0
	for err == nil {
		var n int
		n, err = p.write(make([]byte, 5000))
		total += n
	}
	if err != unix.EAGAIN || total < 4096 {
		t.Errorf("after %d bytes: %v", total, err)
	}
	if f, _ := unix.FcntlInt(uintptr(w), unix.F_GETFL, 0); f&unix.O_NONBLOCK != 0 {
		t.Error("the shared description became non-blocking")
	}
	p.close()
	if _, err := unix.FcntlInt(uintptr(w), unix.F_GETFL, 0); err != nil {
		t.Errorf("the borrowed descriptor was closed: %v", err)
	}
}

// As on a kernel before 6.4, at a pipe that another user made (sudo -u): it has
// no RWF_NOWAIT, and can't be opened again.
func TestWhatIsLeftToAGoroutineAtItsFirstWriteIsWritten(t *testing.T) {
	master, slave := terminal(t)
	defer unix.Close(master)
	defer unix.Close(slave)
	l := newLoop(t)
	r, w := pipe(t)
	rel, err := NewRelay(l, RelayOptions{From: Own(r), To: Borrow(master), Limit: Unlimited, OnEOF: l.Stop})
	if err != nil {
		t.Fatal(err)
	}
	p := rel.dst.(*port)
	if p.slow != nil {
		p.slow.close()
	}
	p.how, p.slow = noWait, nil
	unix.Write(w, []byte("hello\n"))
	unix.Close(w)
	l.At(time.Now().Add(10*time.Second), func() {
		t.Error("nothing was written")
		l.Stop()
	})
	run(t, l)
	if d := rel.Totals().Delivered; d != 6 || p.how != goroutine {
		t.Errorf("%d bytes, %+v", d, rel.Totals())
	}
}

func TestSharedMasterSideAsASourceDoesNotBlockTheLoop(t *testing.T) {
	master, slave := terminal(t)
	defer unix.Close(master)
	var out bytes.Buffer
	l := newLoop(t)
	rel, err := NewRelay(l, RelayOptions{From: Borrow(master), To: ToWriter(&out), Limit: Unlimited, OnEOF: l.Stop})
	if err != nil {
		t.Fatal(err)
	}
	l.At(time.Now().Add(5*time.Millisecond), func() { unix.Write(slave, []byte("hello\n")) })
	l.At(time.Now().Add(15*time.Millisecond), func() { unix.Close(slave) })
	run(t, l)
	if out.String() != "hello\r\n" || rel.Totals().Err != nil {
		t.Errorf("%q, %+v", out.String(), rel.Totals())
	}
}
