package tape

const (
	// The largest page that an arm64 kernel may have: a segment must lie in the
	// file as it does in memory, modulo the page.
	pageSize     = 64 << 10
	elfMachine   = 183 // EM_AARCH64, elf(5)
	sysWrite     = 64
	sysPpoll     = 73
	sysGetpid    = 172
	sysExitGroup = 94
)
