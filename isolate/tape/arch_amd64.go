package tape

const (
	pageSize     = 4096
	elfMachine   = 62 // EM_X86_64, elf(5)
	sysGetpid    = 39
	sysExitGroup = 231
)
