// Package arm32 holds a program for 32-bit ARM, whose calls are those of a
// foreign architecture to a jail on arm64.
package arm32

import "encoding/binary"

// code asks for the pid, and then exits with status 0.
var code = []uint32{
	0xe3a07014, // mov r7, #20: getpid
	0xef000000, // svc 0
	0xe3a00000, // mov r0, #0
	0xe3a07001, // mov r7, #1: exit
	0xef000000, // svc 0
}

// Program is the smallest executable (elf(5), EABI 5) that makes call number 20,
// getpid, and ends.
func Program() []byte {
	const at, header = 0x10000, 52 + 32
	size := uint32(header + 4*len(code))
	b := []byte("\x7fELF\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x28\x00") // ET_EXEC, EM_ARM
	le := binary.LittleEndian
	for _, v := range []uint32{1, at + header, 52, 0, 0x05000000} { // version, entry, program headers, no sections, flags
		b = le.AppendUint32(b, v)
	}
	for _, v := range []uint16{52, 32, 1, 40, 0, 0} {
		b = le.AppendUint16(b, v)
	}
	for _, v := range append([]uint32{1, 0, at, at, size, size, 5, 0x10000}, code...) { // PT_LOAD, read and execute
		b = le.AppendUint32(b, v)
	}
	return b
}
