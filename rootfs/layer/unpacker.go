package layer

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// FindUnpacker gives the path of jaild: the one beside the running program, or else in
// PATH, of which only absolute folders count. The error is an *Error with ErrNoProgram.
func FindUnpacker() (string, error) {
	const name = "jaild"
	folders := filepath.SplitList(os.Getenv("PATH"))
	if self, err := os.Executable(); err == nil {
		folders = append([]string{filepath.Dir(self)}, folders...)
	}
	for _, dir := range folders {
		path := strings.TrimSuffix(dir, "/") + "/" + name
		if filepath.IsAbs(dir) && isProgram(path) {
			return path, nil
		}
	}
	return "", refuse("find", name, ErrNoProgram)
}

func isProgram(path string) bool {
	var st unix.Stat_t
	return unix.Stat(path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && unix.Access(path, unix.X_OK) == nil
}
