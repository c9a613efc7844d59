package notify

import "golang.org/x/sys/unix"

const nativeArch = unix.AUDIT_ARCH_X86_64

// isX32 says whether nr is of the x32 ABI, or beyond: as the filter does, by the
// unsigned number. -1 is no number but a tracer's way to say "skip".
func isX32(nr int32) bool { return nr != -1 && uint32(nr) >= x32Bit }
