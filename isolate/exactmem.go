package isolate

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// exactMemory is what the jail's processes have in memory, each page counted once:
// private memory, of which a fork's is shared until it is written, and memory that
// is shared without a file. It walks all page tables, so it is asked only when a
// cheaper look could mean that the limit is passed. A process that it can't look
// into counts with all that it has, the shared too.
func (r *run) exactMemory() int64 {
	var sum int64
	for _, pid := range r.limits.census.order {
		n, err := exactOf(pid)
		if err != nil && !isGone(err) {
			m, _ := residentOf(pid) // one that has gone has none
			n = m.anon + m.shmem
		}
		sum += n
	}
	return sum + r.boxBytes()
}

func exactOf(pid int) (int64, error) {
	dir := "/proc/" + strconv.Itoa(pid)
	roll, err := readProc(dir + "/smaps_rollup")
	if err != nil && !isGone(err) {
		return 0, err
	}
	if err != nil { // its first thread has ended, or all have; others have no such file
		if dir, err = livingThread(pid); err != nil || dir == "" {
			return 0, err
		}
	}
	maps, err := readProc(dir + "/smaps")
	if err != nil {
		return 0, err
	}
	anon := kib(roll, "Pss_Anon")
	if roll == nil {
		anon = total(maps, "Anonymous:", func([]byte) bool { return true })
	}
	shared := []byte(sharedDevice())
	return anon + total(maps, "Pss:", func(device []byte) bool { return bytes.Equal(device, shared) }), nil
}

// total sums up a figure of smaps over mappings of some devices, proc_pid_smaps(5).
func total(smaps []byte, name string, wanted func(device []byte) bool) (sum int64) {
	of := false
	for line := range bytes.Lines(smaps) {
		f := bytes.Fields(line)
		switch {
		case len(f) >= 5 && bytes.IndexByte(f[0], '-') > 0: // "start-end perms offset dev inode"
			of = wanted(f[3])
		case of && len(f) > 1 && string(f[0]) == name:
			n, _ := strconv.ParseInt(string(f[1]), 10, 64) // the kernel writes numbers
			sum += n << 10
		}
	}
	return sum
}

// sharedDevice is the number, as maps has it, of the kernel's own file system for
// shared memory without a file: MAP_ANONYMOUS, memfd_create(2), shmget(2). What
// lies in the jail's own tmpfs is counted there, mapped or not.
var sharedDevice = sync.OnceValue(func() string {
	fd, err := unix.MemfdCreate("device", unix.MFD_CLOEXEC)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return ""
	}
	hex := func(n uint32) string { return strings.ToLower(strconv.FormatUint(uint64(n)|0x100, 16))[1:] }
	return hex(unix.Major(st.Dev)) + ":" + hex(unix.Minor(st.Dev))
})

// livingThread gives the /proc directory of a thread that still has the memory of
// its process, whose first thread has ended; "" for a process that is dead.
func livingThread(pid int) (string, error) {
	dir := "/proc/" + strconv.Itoa(pid) + "/task"
	names, err := os.ReadDir(dir)
	if isGone(err) {
		return "", nil
	}
	for _, n := range names {
		at := dir + "/" + n.Name()
		if status, e := readProc(at + "/status"); e == nil && bytes.Contains(status, []byte("\nVmHWM:")) {
			return at, nil
		}
	}
	return "", err
}
