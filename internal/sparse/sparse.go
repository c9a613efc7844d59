// Package sparse copies what files hold between their holes.
package sparse

import (
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// Next finds the next data of a file from a place on, lseek(2): there is no more where it
// has none up to its end. Where its file system does not tell holes all is data, and end
// may lie behind the file's.
func Next(f *os.File, at int64) (begin, end int64, more bool) {
	fd := int(f.Fd())
	begin, err := unix.Seek(fd, at, unix.SEEK_DATA)
	if err == unix.ENXIO {
		return 0, 0, false
	}
	if err != nil {
		return at, math.MaxInt64, true
	}
	end, err = unix.Seek(fd, begin, unix.SEEK_HOLE)
	if err != nil || end <= begin {
		end = math.MaxInt64
	}
	return begin, end, true
}

// InKernel has the kernel copy at most n bytes to the same place of another file,
// copy_file_range(2), and says how many it has copied; none where it can't.
func InKernel(to, from *os.File, at, n int64) int64 {
	out, in := at, at
	done, err := unix.CopyFileRange(int(from.Fd()), &in, int(to.Fd()), &out, int(n), 0)
	if err != nil {
		return 0
	}
	return int64(done)
}
