package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/jailrun/jail/isolate/result"
	"golang.org/x/sys/unix"
)

// jaildName is the program with what jail itself does not link, since each start
// would pay for it.
const jaildName = "jaild"

// handOver becomes jaild, with these arguments. It returns only when it can't.
func handOver(args ...string) int {
	path := findJaild()
	err := error(errNoJaild)
	if path != "" {
		err = unix.Exec(path, append([]string{jaildName}, args...), os.Environ()) // #nosec G204 -- jaild, which stands beside jail or in PATH
	}
	complain(&failure{op: "hand over to", object: jaildName, err: err, hint: "make build makes bin/jaild; put it beside jail, or into a folder of PATH"})
	return result.StatusFailed
}

// findJaild takes the one that stands beside jail first, for it is of the same
// version. Of PATH only absolute folders count, or one could be led to a file in
// the working directory. It gives "" where there is none.
func findJaild() string {
	folders := filepath.SplitList(os.Getenv("PATH"))
	if self, err := os.Executable(); err == nil {
		folders = append([]string{filepath.Dir(self)}, folders...)
	}
	for _, dir := range folders {
		path := strings.TrimSuffix(dir, "/") + "/" + jaildName
		if filepath.IsAbs(dir) && isProgram(path) {
			return path
		}
	}
	return ""
}

func isProgram(path string) bool {
	var st unix.Stat_t
	return unix.Stat(path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && unix.Access(path, unix.X_OK) == nil
}
