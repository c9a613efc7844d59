package seccomp

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// archForeign is what 32-bit programs have, archOther another machine.
const archForeign, archOther = 0x40000003, unix.AUDIT_ARCH_AARCH64

// foreigners are calls that end the jail.
var foreigners = map[string]Data{
	"int 0x80": {Nr: 20, Arch: archForeign},
	"aarch64":  {Nr: 63, Arch: archOther},
	"i386 -1":  {Nr: -1, Arch: archForeign},
	"x32 read": native(x32Bit),
	"x32 512":  native(x32Bit + 512),
	"-2":       native(-2),
}

// lackedCalls: the tables are written for x86-64, which has them all.
var lackedCalls []string

func TestWhyNamesX32(t *testing.T) {
	if group, reason, fix := DefaultRules().Why(x32Bit+1, [6]uint64{}); group != "foreign-abi" || reason != whyX32 || fix == "" {
		t.Errorf("%q, %q, %q", group, reason, fix)
	}
}

func TestKernelRefusesDevicesByTheOlderCall(t *testing.T) {
	mknod := []call{{unix.SYS_MKNOD, [6]uint64{bad, unix.S_IFCHR, 0}}, {unix.SYS_MKNOD, [6]uint64{bad, unix.S_IFIFO, 0}}}
	without, with := errnos(t, "", mknod), errnos(t, "default", mknod)
	if without[0] != unix.EFAULT || with[0] != unix.EPERM {
		t.Errorf("a device: %v without the filter, %v with it", without[0], with[0])
	}
	if without[1] != unix.EFAULT || with[1] != unix.EFAULT {
		t.Errorf("a FIFO: %v without the filter, %v with it", without[1], with[1])
	}
}

// A device number is enough for ustat(2) to find a file system, seen or not: it
// gets as far as writing its answer.
func TestKernelTellsNothingOfOtherFileSystems(t *testing.T) {
	var st unix.Stat_t
	if err := unix.Stat("/proc", &st); err != nil {
		t.Fatal(err)
	}
	ustat := []call{{unix.SYS_USTAT, [6]uint64{st.Dev, bad}}}
	if without, with := errnos(t, "", ustat), errnos(t, "default", ustat); without[0] != unix.EFAULT || with[0] != unix.ENOSYS {
		t.Errorf("ustat: %v without the filter, %v with it", without[0], with[0])
	}
}

func TestKernelKillsForeignABIs(t *testing.T) {
	for _, filter := range []string{"default", "init"} {
		cmd := child(t, "calls", "SECCOMP_TEST_FILTER="+filter)
		cmd.Stdin = strings.NewReader(`[{"Nr":` + strconv.Itoa(x32Bit+unix.SYS_GETPID) + `}]`)
		err := cmd.Run()
		if ws, ok := cmd.ProcessState.Sys().(interface{ Signal() unix.Signal }); !ok || ws.Signal() != unix.SIGSYS {
			t.Errorf("%s: x32 getpid ended with %v, want SIGSYS", filter, err)
		}
	}
}

// int80 is a program that asks for its pid through the 32-bit gate, and then
// exits with status 0.
var int80 = []byte{
	0xb8, 20, 0, 0, 0, // mov $getpid of i386, %eax
	0xcd, 0x80, // int $0x80
	0xb8, 60, 0, 0, 0, // mov $exit, %eax
	0x31, 0xff, // xor %edi, %edi
	0x0f, 0x05, // syscall
}

// elf is the smallest executable that runs code.
func elf(code []byte) []byte {
	const at, header = 0x400000, 64 + 56
	b := []byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	le := binary.LittleEndian
	for _, v := range []uint16{2, 62} { // ET_EXEC, EM_X86_64
		b = le.AppendUint16(b, v)
	}
	b = le.AppendUint32(b, 1)
	for _, v := range []uint64{at + header, 64, 0} { // entry, program headers, no sections
		b = le.AppendUint64(b, v)
	}
	b = le.AppendUint32(b, 0)
	for _, v := range []uint16{64, 56, 1, 64, 0, 0} {
		b = le.AppendUint16(b, v)
	}
	for _, v := range []uint32{1, 5} { // PT_LOAD, read and execute
		b = le.AppendUint32(b, v)
	}
	size := uint64(header + len(code))
	for _, v := range []uint64{0, at, at, size, size, 0x1000} {
		b = le.AppendUint64(b, v)
	}
	return append(b, code...)
}

func TestListenerIsToldTheArchitectureOfInt80(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "int80")
	if err := os.WriteFile(path, elf(int80), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := exec.CommandContext(t.Context(), path).Run(); err != nil {
		t.Skipf("the kernel has no 32-bit gate (CONFIG_IA32_EMULATION): %v", err)
	}
	_, refused, err := run(t, "default", dir, path)
	if err == nil || refused["kill for architecture 0x40000003"] != 1 {
		t.Errorf("int 0x80 behind the filter: %v, heard of %v", err, refused)
	}
}
