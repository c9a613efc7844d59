package isolate

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// descendants lists pid and all below it, by /proc/PID/task/TID/children. On an
// error it gives those that it has found.
func descendants(pid int) ([]int, error) {
	list := []int{pid}
	for i := 0; i < len(list) && len(list) < 4096; i++ {
		dir := "/proc/" + strconv.Itoa(list[i]) + "/task"
		tasks, err := os.ReadDir(dir)
		if err != nil && !isGone(err) {
			return list, err
		}
		for _, t := range tasks {
			p, err := readProc(dir + "/" + t.Name() + "/children")
			if err != nil && !isGone(err) {
				return list, err
			}
			for s := range strings.FieldsSeq(string(p)) {
				if n, err := strconv.Atoi(s); err == nil {
					list = append(list, n)
				}
			}
		}
	}
	return list, nil
}

// readProc reads a file of /proc without the runtime's poller and an fstat for
// its size, which is 0: a look reads several of each process, many times a second.
func readProc(path string) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	buf := make([]byte, 0, 2048)
	for {
		n, err := unix.Read(fd, buf[len(buf):cap(buf)])
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return nil, &os.PathError{Op: "read", Path: path, Err: err}
		case n == 0:
			return buf, nil
		default:
			buf = slices.Grow(buf[:len(buf)+n], 512)
		}
	}
}

// isGone says whether an error of /proc tells of the process's end, and not
// only that it could not be looked at.
func isGone(err error) bool { return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) }

// process is what /proc/PID/stat tells of one.
type process struct {
	parent  int
	start   uint64        // with the pid it names a process for ever
	own     time.Duration // CPU time, of all its threads
	waited  time.Duration // CPU time of the children that it has waited for, and of theirs
	threads int64
}

// tick is the unit of times in /proc: USER_HZ is 100 on every port of Linux.
const tick = 10 * time.Millisecond

// readProcess reads /proc/PID/stat, proc_pid_stat(5).
func readProcess(pid int) (process, error) {
	const ppid, utime, stime, cutime, cstime, threads, start = 4 - 3, 14 - 3, 15 - 3, 16 - 3, 17 - 3, 20 - 3, 22 - 3
	f, err := readStat(pid)
	if err != nil {
		return process{}, err
	}
	if len(f) <= start {
		return process{}, &os.PathError{Op: "read", Path: "/proc/" + strconv.Itoa(pid) + "/stat", Err: unix.EBADMSG}
	}
	n := func(i int) int64 { v, _ := strconv.ParseInt(f[i], 10, 64); return v }
	return process{
		parent: int(n(ppid)), start: uint64(n(start)), threads: n(threads),
		own: time.Duration(n(utime)+n(stime)) * tick, waited: time.Duration(n(cutime)+n(cstime)) * tick,
	}, nil
}

// statFields gives the fields of /proc/PID/stat from the third on, proc_pid_stat(5):
// the second is the program's to choose, and ends at the last bracket. None, if
// the process is gone.
func statFields(pid int) []string {
	f, _ := readStat(pid)
	return f
}

func readStat(pid int) ([]string, error) {
	p, err := readProc("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(p[bytes.LastIndexByte(p, ')')+1:])), nil
}
