package notify

import (
	"strconv"

	"github.com/jailrun/jail/test/arm32"
	"golang.org/x/sys/unix"
)

// foreignParts are what children do that is of another ABI, and foreignNames
// what is told of it.
var (
	foreignParts = map[string]func() int{"arm": arm32Part}
	foreignNames = map[string]string{"arm": "arm:20"}
)

// arm32Part becomes a 32-bit program, which makes getpid.
func arm32Part() int {
	fd, err := unix.MemfdCreate("arm32", unix.MFD_CLOEXEC)
	if err != nil {
		return 203
	}
	if _, err := unix.Write(fd, arm32.Program()); err != nil {
		return 204
	}
	path := "/proc/self/fd/" + strconv.Itoa(fd)
	_ = unix.Exec(path, []string{path}, nil)
	return 205
}
