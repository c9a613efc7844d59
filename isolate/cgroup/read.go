package cgroup

import (
	"golang.org/x/sys/unix"
)

// maxFile bounds what is read of one kernel file: a host with ten thousand
// block devices or mounts still fits.
const maxFile = 16 << 20

// open is openat(2) with CLOEXEC that goes on after a signal.
func open(dir int, path string, flags int) (int, error) {
	for {
		fd, err := unix.Openat(dir, path, flags|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// readAt reads a whole kernel file from its beginning, into buf when it fits:
// one system call then, since these files come in one piece.
func readAt(fd int, buf []byte) ([]byte, error) {
	n := 0
	for {
		m, err := unix.Pread(fd, buf[n:], int64(n))
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		n += m
		if m == 0 || n < len(buf) && n == m {
			return buf[:n], nil
		}
		if n < len(buf) {
			continue
		}
		if len(buf) >= maxFile {
			return nil, unix.EFBIG
		}
		buf = append(make([]byte, 0, 4*len(buf)), buf[:n]...)[:4*len(buf)]
	}
}

// readFile opens, reads and closes. Files of /proc that may be long come in
// pieces of a page, so it reads to the end.
func readFile(dir int, path string, buf []byte) ([]byte, error) {
	fd, err := open(dir, path, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	n := 0
	for {
		m, err := unix.Pread(fd, buf[n:], int64(n))
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return nil, err
		case m == 0:
			return buf[:n], nil
		}
		if n += m; n == len(buf) {
			if n >= maxFile {
				return nil, unix.EFBIG
			}
			buf = append(make([]byte, 0, 4*n), buf...)[:4*n]
		}
	}
}

// writeFile opens for writing, writes once and closes: one write is one value.
func writeFile(dir int, path, value string) error {
	fd, err := open(dir, path, unix.O_WRONLY)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return write(fd, value)
}

func write(fd int, value string) error {
	var buf [256]byte
	for {
		_, err := unix.Write(fd, append(buf[:0], value...))
		if err != unix.EINTR {
			return err
		}
	}
}
