package notify

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// foreignParts are what children do that is of another ABI, and foreignNames
// what is told of it.
var (
	foreignParts = map[string]func() int{
		"x32":  func() int { return int(call(x32Bit|39, 0, 0)) },
		"i386": i386Part,
	}
	foreignNames = map[string]string{"x32": "x32:39", "i386": "i386:20"}
)

// i386Part makes i386's getpid by int 0x80, from code that it writes itself.
func i386Part() int {
	code, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return 203
	}
	copy(code, []byte{
		0xb8, 20, 0, 0, 0, // mov eax, 20
		0xcd, 0x80, // int 0x80
		0xc3, // ret
	})
	entry := uintptr(unsafe.Pointer(&code[0]))
	value := &entry // a func value is a pointer to its entry's address
	(*(*func())(unsafe.Pointer(&value)))()
	return 0
}

func TestForeignNumbersAreThoseOfTheFilter(t *testing.T) {
	for nr, want := range map[uint32]bool{0: false, 600: false, 0x3fffffff: false, x32Bit: true, x32Bit | 39: true, 0x80000000: true, 0xbfffffff: true, 0xfffffffe: true, 0xffffffff: false} {
		c := Call{Arch: nativeArch, NR: int32(nr)}
		if got := isX32(c.NR); got != want || (c.ABI() == "x32") != want {
			t.Errorf("%#x: foreign %v, %s", nr, got, c.ABI())
		}
	}
}

func TestForeignCallWithoutAnOwnerGetsENOSYS(t *testing.T) {
	j := start(t, "x32", Options{})
	if status := j.run(t); status != int(unix.ENOSYS) {
		t.Errorf("child saw %d", status)
	}
}
