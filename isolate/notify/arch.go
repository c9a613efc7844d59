package notify

import "strconv"

// x32Bit marks the numbers of the x32 ABI, which have the architecture of
// x86-64 (linux/audit.h, asm/unistd.h: __X32_SYSCALL_BIT).
const x32Bit = 0x40000000

// arches names the values of seccomp_data.arch that a foreign call may have
// (linux/audit.h).
var arches = [...]struct {
	arch uint32
	name string
}{
	{0x40000003, "i386"},
	{0xc000003e, "x86_64"},
	{0x40000028, "arm"},
	{0xc00000b7, "aarch64"},
	{0xc00000f3, "riscv64"},
}

// ABI names the interface by which a call was made: "x86_64", "x32", "i386", or
// the architecture's number.
func (c *Call) ABI() string {
	if c.Arch == nativeArch && isX32(c.NR) {
		return "x32"
	}
	return archName(c.Arch)
}

func (l *Listener) name(c *Call) string {
	switch {
	case c.Arch != nativeArch:
		return archName(c.Arch) + ":" + strconv.Itoa(int(c.NR))
	case c.Foreign:
		return "x32:" + strconv.Itoa(int(uint32(c.NR)&^x32Bit))
	}
	if l.o.Name != nil {
		if s := l.o.Name(c.NR); s != "" {
			return s
		}
	}
	return strconv.Itoa(int(c.NR))
}

func archName(arch uint32) string {
	for _, a := range arches {
		if a.arch == arch {
			return a.name
		}
	}
	return "arch 0x" + strconv.FormatUint(uint64(arch), 16)
}
