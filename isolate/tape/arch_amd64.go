package tape

const (
	pageSize     = 4096
	elfMachine   = 62 // EM_X86_64, elf(5)
	sysWrite     = 1
	sysGetpid    = 39
	sysPpoll     = 271
	sysExitGroup = 231
)
