package notify

import "golang.org/x/sys/unix"

const nativeArch = unix.AUDIT_ARCH_AARCH64

// isX32 says that arm64's numbers are one ABI's: 32-bit programs have another
// architecture.
func isX32(int32) bool { return false }
