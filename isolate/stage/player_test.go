package stage

import (
	"encoding/binary"
	"os"
	"syscall"
	"testing"

	"github.com/jailrun/jail/isolate/tape"
	"golang.org/x/sys/unix"
)

// play runs a tape with the write end of a pipe as descriptor 3, and gives
// what came through and the exit status.
func play(t *testing.T, b *tape.Builder) ([]byte, syscall.WaitStatus) {
	t.Helper()
	tp, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	fd, err := Write(tp.Image(Code()), 64)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	pid, err := Start(fd, []uintptr{0, 1, 2, w.Fd()})
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	n, _ := r.Read(buf)
	var ws syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &ws, 0, nil); err != nil {
		t.Fatal(err)
	}
	return buf[:n], ws
}

func exit(b *tape.Builder, code uint64) { b.Call("exit", unix.SYS_EXIT_GROUP, code) }

func TestCodeIsOneScreenAndRefersToNothing(t *testing.T) {
	if n := len(Code()); n < 60 || n > 250 {
		t.Errorf("the player has %d bytes", n)
	}
}

func TestPositiveResultTakesThePositiveBranch(t *testing.T) {
	b := tape.NewBuilder()
	pos := b.NewLabel()
	s := b.CString("hello")
	b.Call("write", unix.SYS_WRITE, 3, s, 5).Pos = pos
	exit(b, 1)
	b.Here(pos)
	exit(b, 7)
	out, ws := play(t, b)
	if string(out) != "hello" || ws.ExitStatus() != 7 {
		t.Errorf("got %q, %v", out, ws)
	}
}

func TestZeroResultTakesTheZeroBranch(t *testing.T) {
	b := tape.NewBuilder()
	zero := b.NewLabel()
	b.Call("write nothing", unix.SYS_WRITE, 3, b.CString(""), 0).Zero = zero
	exit(b, 1)
	b.Here(zero)
	exit(b, 8)
	if _, ws := play(t, b); ws.ExitStatus() != 8 {
		t.Errorf("got %v", ws)
	}
}

func TestNegativeResultNamesItsOpAndErrno(t *testing.T) {
	b := tape.NewBuilder()
	neg := b.NewLabel()
	b.Call("a good call", unix.SYS_GETPID)
	b.Call("close what is not open", unix.SYS_CLOSE, 999).Neg = neg
	exit(b, 1)
	b.Here(neg)
	b.Call("report", unix.SYS_WRITE, 3, uint64(tape.ErrTag), 24)
	exit(b, 9)
	out, ws := play(t, b)
	if ws.ExitStatus() != 9 || len(out) != 24 {
		t.Fatalf("got %v, %d bytes", ws, len(out))
	}
	i, ok := tape.OpAt(binary.LittleEndian.Uint64(out[8:]), 4)
	errno := int64(binary.LittleEndian.Uint64(out[16:]))
	if !ok || i != 1 || errno != -int64(unix.EBADF) {
		t.Errorf("op %d (%v), errno %d", i, ok, errno)
	}
}

func TestEachArgumentCanComeFromMemory(t *testing.T) {
	for i := range 6 {
		b := tape.NewBuilder()
		slot := b.Var(8)
		// mmap with one argument read from memory; its result says whether it
		// arrived: a wrong one gives an error or another address.
		args := []uint64{0x5000_0000, 4096, unix.PROT_READ, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS | unix.MAP_FIXED, ^uint64(0), 0}
		b.SetVar(slot, args[i])
		args[i] = uint64(slot)
		res := b.Var(8)
		neg := b.NewLabel()
		b.Call("mmap", unix.SYS_MMAP, args...).Loading(i).Into(res).Neg = neg
		b.Call("send", unix.SYS_WRITE, 3, uint64(res), 8)
		b.Here(neg)
		exit(b, 0)
		out, _ := play(t, b)
		if len(out) != 8 || binary.LittleEndian.Uint64(out) != 0x5000_0000 {
			t.Errorf("argument %d: got %x", i, out)
		}
	}
}

func TestResultIsStoredAndReadBack(t *testing.T) {
	b := tape.NewBuilder()
	fd := b.Var(8)
	b.Call("dup", unix.SYS_DUP, 3).Into(fd)
	b.Call("write to the copy", unix.SYS_WRITE, uint64(fd), b.CString("x"), 1).Loading(0)
	exit(b, 0)
	if out, _ := play(t, b); string(out) != "x" {
		t.Errorf("got %q", out)
	}
}

func TestImageCannotBeChanged(t *testing.T) {
	b := tape.NewBuilder()
	exit(b, 0)
	tp, _ := b.Finish()
	fd, err := Write(tp.Image(Code()), 64)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if _, err := unix.Write(fd, []byte("x")); err == nil {
		t.Error("a sealed image was written")
	}
}
