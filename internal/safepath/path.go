package safepath

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// CutLast gives the folder that a path lies in, "" for the root, and its last name.
func CutLast(path string) (folder, name string) {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)], path[i+1:]
}

// LeadsTo says whether a path still names an open file: another may have replaced it
// before it was locked.
func LeadsTo(f *os.File, path string) bool {
	var a, b unix.Stat_t
	return unix.Fstat(int(f.Fd()), &a) == nil && unix.Lstat(path, &b) == nil && a.Ino == b.Ino && a.Dev == b.Dev
}
