package seccomp

import (
	"testing"

	"golang.org/x/sys/unix"
)

// The child's standard output is a pipe whose reader is this test.
func TestKernelKeepsPipesStreamsOfBytes(t *testing.T) {
	calls := []call{
		{unix.SYS_FCNTL, [6]uint64{1, unix.F_SETFL, unix.O_DIRECT}},
		{unix.SYS_PIPE2, [6]uint64{bad, unix.O_DIRECT}},
		{unix.SYS_FCNTL, [6]uint64{1, unix.F_SETFL, unix.O_APPEND}},
	}
	want := [][2]unix.Errno{{0, unix.EINVAL}, {unix.EFAULT, unix.EINVAL}, {0, 0}}
	without, with := errnos(t, "", calls), errnos(t, "default", calls)
	for i, c := range calls {
		if got := [2]unix.Errno{without[i], with[i]}; got != want[i] {
			t.Errorf("%s(%#x): %v without the filter and with it, want %v", Name(c.Nr), c.Args, got, want[i])
		}
	}
}

// This is why a program may not even make a pipe of packets for itself.
func TestPacketsOfAPipeGoOnThroughTee(t *testing.T) {
	var own, plain [2]int
	if err := unix.Pipe2(own[:], unix.O_DIRECT|unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	if err := unix.Pipe2(plain[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, fd := range append(own[:], plain[:]...) {
			unix.Close(fd)
		}
	})
	for range 8 {
		if _, err := unix.Write(own[1], []byte{0}); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := unix.Tee(own[0], plain[1], 8, unix.SPLICE_F_NONBLOCK); n != 8 || err != nil {
		t.Fatalf("tee: %d, %v", n, err)
	}
	if n, err := unix.Read(plain[0], make([]byte, 64)); n != 1 || err != nil {
		t.Errorf("read %d bytes at once, %v: this kernel no longer passes packets on", n, err)
	}
}
