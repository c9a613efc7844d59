package stage

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"syscall"
	"testing"

	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/isolate/tape/reference"
	"github.com/jailrun/jail/test/dice"
	"golang.org/x/sys/unix"
)

// Descriptors of a played tape.
const (
	fdOut  = 3 // a pipe that takes the trace, and at the end the variables
	fdFuel = 4 // a pipe of so many bytes: each block takes one, so that every tape ends
	fdFile = 5 // a file of fileSize bytes
)

const (
	fuel     = 48
	fileSize = 100
	umask0   = 0o22
	slots    = 6
)

// author writes a tape of harmless calls: blocks that each take fuel, say
// their number, make one call, and branch anywhere.
type author struct {
	*tape.Builder
	*dice.Dice
	slots  [slots]tape.Addr
	labels []tape.Label
	end    tape.Label
}

func write(b []byte) *tape.Tape {
	a := &author{Builder: tape.NewBuilder(), Dice: dice.New(b)}
	for i := range a.slots {
		a.slots[i] = a.Var(8)
	}
	buf := a.Var(8)
	a.end = a.NewLabel()
	a.Enter(tape.Stage, a.end)
	a.Call("close what the test has inherited", unix.SYS_CLOSE_RANGE, fdFile+1, ^uint64(0)>>32, 0)
	a.Call("a known umask", unix.SYS_UMASK, umask0)
	for range 2 + a.N(14) {
		a.labels = append(a.labels, a.NewLabel())
	}
	for i, l := range a.labels {
		a.Here(l)
		a.Call("take fuel", unix.SYS_READ, fdFuel, uint64(buf), 1).Zero = a.end
		a.Call("trace", unix.SYS_WRITE, fdOut, a.Const([]byte{byte(i)}), 1)
		a.op(a.labels[(i+1)%len(a.labels)])
	}
	a.Here(a.end)
	first := uint64(a.slots[0])
	a.Call("dump the error cell", unix.SYS_WRITE, fdOut, uint64(tape.ErrTag), 24).Soft()
	a.Call("dump the variables", unix.SYS_WRITE, fdOut, first, uint64(a.Var(8))-first).Soft()
	a.Call("exit", unix.SYS_EXIT_GROUP, first).Loading(0)
	t, err := a.Finish()
	if err != nil {
		panic(err) // labels are all placed above
	}
	return t
}

// op appends one random call. An argument is now immediate, now a word in
// memory: both must come to the same.
func (a *author) op(next tape.Label) {
	nr, args := a.call()
	var load uint8
	for i := range args {
		if a.N(3) != 0 {
			continue
		}
		w := a.Var(8)
		a.SetVar(w, args[i])
		args[i] = uint64(w)
		load |= 1 << i
	}
	o := a.Call("a call", nr, args...)
	o.Load = load
	if a.N(3) != 0 && nr != unix.SYS_GETPID {
		o.Dst = a.slots[a.N(slots)]
	}
	if s := a.N(8); s < 2 && nr == unix.SYS_LSEEK {
		o.Args[s], o.Load = uint64(a.slots[a.N(slots)]), o.Load|1<<s // the result of another call
	}
	o.Neg, o.Zero, o.Pos = a.branch(next), a.branch(next), a.branch(next)
}

func (a *author) branch(next tape.Label) tape.Label {
	switch a.N(4) {
	case 0:
		return a.end
	case 1:
		return a.labels[a.N(len(a.labels))]
	}
	return next
}

var offsets = [...]int64{0, 1, -1, 99, 100, 101, -100, 1 << 40, -1 << 63, 1<<63 - 1}

func (a *author) call() (uintptr, []uint64) {
	fd := uint64([...]int{fdFile, 6, 7, 8, 99, -1}[a.N(6)])
	switch a.N(7) {
	case 0:
		return unix.SYS_DUP, []uint64{fd}
	case 1:
		return unix.SYS_CLOSE, []uint64{fd}
	case 2:
		return unix.SYS_UMASK, []uint64{uint64(a.N(256)) << 2}
	case 3:
		return unix.SYS_GETPID, nil
	case 4:
		return unix.SYS_FUTEX, []uint64{uint64(a.slots[a.N(slots)]), 4 | 128, 0, 0, uint64(a.slots[a.N(slots)]), uint64(a.N(8))}
	}
	return unix.SYS_LSEEK, []uint64{fd, uint64(offsets[a.N(len(offsets))]), uint64([...]int{0, 1, 2, 7}[a.N(4)])}
}

// model is a kernel of the few calls that such a tape makes.
type model struct {
	out   []byte
	fuel  int
	mask  uint64
	fds   map[uint32]*int64 // offset of the open file; nil: none that can be sought
	ended int
}

func newModel() *model {
	pos := int64(0)
	return &model{fuel: fuel, fds: map[uint32]*int64{0: nil, 1: nil, 2: nil, fdOut: nil, fdFuel: nil, fdFile: &pos}}
}

func errno(e syscall.Errno) int64 { return -int64(e) }

func (k *model) call(m *reference.Memory, nr uint64, a [6]uint64) (int64, bool) {
	fd := uint32(a[0])
	_, open := k.fds[fd]
	switch nr {
	case unix.SYS_READ:
		if k.fuel == 0 {
			return 0, false
		}
		k.fuel--
		m.Write(a[1], []byte{'f'})
		return 1, false
	case unix.SYS_WRITE:
		k.out = append(k.out, m.Read(a[1], int(a[2]))...)
		return int64(a[2]), false
	case unix.SYS_UMASK:
		was := k.mask
		k.mask = a[0] & 0o777
		return int64(was), false
	case unix.SYS_GETPID:
		return 1, false
	case unix.SYS_CLOSE_RANGE:
		return 0, false
	case unix.SYS_FUTEX:
		if binary.LittleEndian.Uint32(m.Read(a[0], 4)) != uint32(a[5]) {
			return errno(unix.EAGAIN), false
		}
		return 0, false
	case unix.SYS_EXIT_GROUP:
		k.ended = int(a[0] & 0xff)
		return 0, true
	}
	if !open {
		return errno(unix.EBADF), false
	}
	switch nr {
	case unix.SYS_DUP:
		return k.dup(fd), false
	case unix.SYS_CLOSE:
		delete(k.fds, fd)
		return 0, false
	}
	return k.seek(fd, int64(a[1]), uint32(a[2])), false
}

func (k *model) dup(fd uint32) int64 {
	n := uint32(0)
	for {
		if _, used := k.fds[n]; !used {
			k.fds[n] = k.fds[fd]
			return int64(n)
		}
		n++
	}
}

// seek is lseek(2) on the file, on /dev/null (always 0) and on a pipe.
func (k *model) seek(fd uint32, off int64, whence uint32) int64 {
	pos := k.fds[fd]
	switch {
	case whence > 2:
		return errno(unix.EINVAL) // 3 and 4, for data and holes, are not asked for
	case pos == nil && (fd == fdOut || fd == fdFuel):
		return errno(unix.ESPIPE)
	case pos == nil:
		return 0
	}
	at := off
	switch whence {
	case 1:
		at += *pos
	case 2:
		at += fileSize
	}
	if at < 0 {
		return errno(unix.EINVAL)
	}
	*pos = at
	return at
}

// playReal plays a tape by the machine code.
func playReal(t testing.TB, tp *tape.Tape) ([]byte, int) {
	t.Helper()
	image, err := Write(tp.Image(Code()), 64)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(image)
	null, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	out, outW := pipe(t)
	defer out.Close()
	fuelR, fuelW := pipe(t)
	defer fuelR.Close()
	if _, err := fuelW.Write(bytes.Repeat([]byte{'f'}, fuel)); err != nil {
		t.Fatal(err)
	}
	fuelW.Close()
	file := memory(t)
	defer unix.Close(file)
	n := null.Fd()
	pid, err := Start(image, []uintptr{n, n, n, outW.Fd(), fuelR.Fd(), uintptr(file)})
	outW.Close()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	var ws syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &ws, 0, nil); err != nil {
		t.Fatal(err)
	}
	if !ws.Exited() {
		t.Fatalf("the player was ended by %v", ws.Signal())
	}
	return got, ws.ExitStatus()
}

func pipe(t testing.TB) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

func memory(t testing.TB) int {
	t.Helper()
	fd, err := unix.MemfdCreate("file", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Ftruncate(fd, fileSize); err != nil {
		t.Fatal(err)
	}
	return fd
}

// compare plays a tape twice. What is compared is the path, the error cell,
// every variable and the exit status; the word that takes unwanted results is
// the player's own.
func compare(t *testing.T, raw []byte) {
	t.Helper()
	tp := write(raw)
	k := newModel()
	path, err := reference.Play(tp, k.call, 10*fuel)
	if err != nil {
		t.Fatal(err)
	}
	got, status := playReal(t, tp)
	if !bytes.Equal(got, k.out) || status != k.ended {
		t.Errorf("tape %x: the player and the reference part\nplayer    %x, exit %d\nreference %x, exit %d, path %v", raw, got, status, k.out, k.ended, path)
	}
}

func TestPlayerDoesAsTheReference(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 150 {
		raw := make([]byte, 40+r.IntN(200))
		for i := range raw {
			raw[i] = byte(r.Uint32())
		}
		compare(t, raw)
	}
}

func FuzzPlayerDoesAsTheReference(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
	f.Add(bytes.Repeat([]byte{5, 1, 4, 0, 2, 9, 3}, 30))
	f.Fuzz(compare)
}
