package host

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// idBase is the start of the range that systemd leaves free above its
// container range (systemd's UIDS-GIDS); 2^16 runs of two ids each.
const (
	idBase  = 0x70000000
	idCount = 1 << 17

	// RangeBase is the first of the ranges for programs that are root inside, above
	// the single ids.
	RangeBase = 0x70100000
	// RangeSize is how many ids such a program has: all that a distribution gives.
	RangeSize = 1 << 16
	rangeEnd  = 0x7ff00000
)

// Probe looks at the machine. It reads no more than a launch needs: it is on
// the path of every `jail exec`.
func Probe() (*Facts, error) {
	f := &Facts{UID: unix.Geteuid(), GID: unix.Getegid(), UserNS: true}
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return nil, fmt.Errorf("uname: %w", err)
	}
	if err := ownProc(); err != nil {
		return nil, err
	}
	f.Kernel = parseVersion(u.Release[:])
	f.LastCap = lastCap()
	f.Landlock = landlockABI()
	f.NoClone = lacksClone3()
	f.Staging = staging()
	f.Nice = nice()
	f.Admin = hasCap(unix.CAP_SYS_ADMIN)
	f.Root = f.UID == 0 && hasCap(unix.CAP_SETUID) && hasCap(unix.CAP_SETGID)
	if f.Root {
		f.Blind = !hasCap(unix.CAP_SYS_PTRACE)
		var err error
		if f.IDBase, f.IDCount, f.Ranges, err = idRange(); err != nil {
			return nil, err
		}
		f.Root = f.IDCount > 0
	}
	for i := range f.Rlimits {
		_ = unix.Prlimit(0, i, nil, &f.Rlimits[i]) // an unknown one stays 0/0, and is not set
	}
	f.TimeNS = f.Kernel.AtLeast(5, 6) && unix.Access("/proc/self/ns/time", unix.F_OK) == nil
	return f, nil
}

// ErrStrangeProc says that /proc numbers processes otherwise than we do.
var ErrStrangeProc = errors.New("/proc is of another pid namespace, and its numbers name other processes: mount one here (mount -t proc proc /proc)")

// ownProc refuses a /proc in which our children's numbers are strangers'.
func ownProc() error {
	var buf [16]byte
	n, err := unix.Readlink("/proc/self", buf[:])
	if err != nil {
		return nil // there is none, and nothing is read wrongly
	}
	if pid, _ := number(buf[:n]); pid != unix.Getpid() {
		return ErrStrangeProc
	}
	return nil
}

// LookAtSelf learns what a read-back is held against: our own namespaces and
// keyring. It can wait until the stage has been started.
func (f *Facts) LookAtSelf() {
	f.self.Do(func() {
		f.Keyring = sessionKeyring()
		var buf [64]byte
		for i, n := range Namespaces {
			if k, err := unix.Readlink("/proc/self/ns/"+n, buf[:]); err == nil {
				f.NS[i] = string(buf[:k])
			} // else absent: the kernel lacks it
		}
	})
}

// parseVersion reads "6.18.44-…".
func parseVersion(r []byte) Version {
	major, rest := number(r)
	if len(rest) == 0 {
		return Version{major, 0}
	}
	minor, _ := number(rest[1:])
	return Version{major, minor}
}

func number(p []byte) (n int, rest []byte) {
	for len(p) > 0 && p[0] >= '0' && p[0] <= '9' {
		n = 10*n + int(p[0]-'0')
		p = p[1:]
	}
	return n, p
}

// lastCap finds the kernel's highest capability by asking for each.
func lastCap() int {
	n := unix.CAP_LAST_CAP
	for n < 63 && capKnown(n+1) {
		n++
	}
	for n > 0 && !capKnown(n) {
		n--
	}
	return n
}

func capKnown(c int) bool {
	_, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, uintptr(c), 0, 0, 0)
	return err == nil
}

func hasCap(c uint) bool {
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if unix.Capget(&hdr, &data[0]) != nil {
		return false
	}
	return data[c/32].Effective&(1<<(c%32)) != 0
}

// landlockABI asks for LANDLOCK_CREATE_RULESET_VERSION, landlock(7).
func landlockABI() int {
	n, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, 1)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// lacksClone3 asks with a size that no kernel takes, which is EINVAL where the
// call is to be had, clone(2).
func lacksClone3() bool {
	_, _, errno := unix.RawSyscall(unix.SYS_CLONE3, 0, 0, 0)
	return errno != unix.EINVAL
}

func sessionKeyring() int32 {
	id, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_SESSION_KEYRING, false)
	if err != nil {
		return 0
	}
	return int32(id)
}

func nice() int {
	n, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		return 0
	}
	return 20 - n // the raw call gives 20-nice, getpriority(2)
}

// staging picks a directory that every host has; what it holds is covered
// only in the jail's own mount namespace, after all sources are opened.
func staging() string {
	for _, d := range []string{"/tmp", "/run", "/mnt", "/var"} {
		var st unix.Stat_t
		if unix.Lstat(d, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR {
			return d
		}
	}
	return "/"
}

// readSmall reads a file of /proc without the runtime's poller, which would
// cost more than the read. A file that is not there is empty.
func readSmall(path string, buf []byte) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err == unix.ENOENT {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	defer unix.Close(fd)
	n, err := unix.Read(fd, buf)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return buf[:n], nil
}

// idRange gives the ids that runs are mapped to: the preferred range, or in a
// user namespace that lacks it the upper half of its largest extent. A map that
// could not be read now is not one without ids.
func idRange() (base, count, ranges int, err error) {
	var buf [4096]byte
	text, err := readSmall("/proc/self/uid_map", buf[:])
	if err != nil {
		return 0, 0, 0, err
	}
	best, size := 0, 0
	for line := range bytes.Lines(text) {
		f := bytes.Fields(line)
		if len(f) != 3 {
			continue
		}
		inside, _ := strconv.Atoi(string(f[0]))
		n, _ := strconv.Atoi(string(f[2]))
		if inside <= idBase && inside+n >= idBase+idCount {
			return idBase, idCount, rangesBelow(inside + n), nil
		}
		if n > size {
			best, size = inside, n
		}
	}
	if size < 4096 {
		return 0, 0, 0, nil // too few to give each run ids of its own
	}
	return best + size/2, size / 2 &^ 1, 0, nil
}

// rangesBelow counts the whole ranges below the end of an extent of ids.
func rangesBelow(end int) int {
	return max(min(end, rangeEnd)-RangeBase, 0) / RangeSize
}
