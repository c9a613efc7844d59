package oracle

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// deedVar names what this binary does when a test starts it in a group: "WHAT
// ARGUMENT". It says what it has cost, and rests until its input ends.
const deedVar = "ORACLE_DEED"

// joinVar is the number of descriptors, from 3 on, by which it joins its groups.
const joinVar = "ORACLE_JOIN"

func TestMain(m *testing.M) {
	what, arg, _ := strings.Cut(os.Getenv(deedVar), " ")
	if what == "" {
		os.Exit(m.Run())
	}
	if n, _ := strconv.Atoi(os.Getenv(joinVar)); n > 0 {
		fmt.Println("join:", join(n))
		os.Exit(1)
	}
	cost, err := deeds[what](arg)
	if err != nil {
		fmt.Println(what+":", err)
		os.Exit(1)
	}
	fmt.Println(cost)
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
}

var deeds = map[string]func(arg string) (cost int64, err error){
	"burn":  burn,
	"touch": func(size string) (int64, error) { return touch(size, unix.MAP_PRIVATE) },
	"write": write,
	"all":   all,
}

// join moves the calling thread and executes the program again: the other threads
// of a Go process, which a v1 "tasks" leaves where they are, are gone then.
func join(n int) error {
	runtime.LockOSThread()
	for i := range n {
		if _, err := unix.Write(3+i, []byte("0")); err != nil {
			return err
		}
	}
	os.Unsetenv(joinVar)
	return unix.Exec("/proc/self/exe", os.Args, os.Environ())
}

// cpuClock is the CPU time of this process, with that before it was executed.
func cpuClock() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts)
	return time.Duration(ts.Nano())
}

// burn uses CPU time until its clock shows so much, and gives that.
func burn(until string) (int64, error) {
	d, err := time.ParseDuration(until)
	if err != nil {
		return 0, err
	}
	for cpuClock() < d {
		spin()
	}
	return int64(cpuClock()), nil
}

// spin makes no system call, so that most of the time is the user's.
func spin() {
	x := uint64(time.Now().UnixNano())
	for range 20000 {
		x = x*6364136223846793005 + 1
	}
	runtime.KeepAlive(x)
}

// touch writes to each page of so many bytes that nobody else has, and keeps them.
func touch(size string, flags int) (int64, error) {
	n, err := strconv.Atoi(size)
	if err != nil {
		return 0, err
	}
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, flags|unix.MAP_ANON)
	if err != nil {
		return 0, err
	}
	for i := 0; i < n; i += os.Getpagesize() {
		b[i] = 1
	}
	return int64(n), nil
}

const mebibyte = 1 << 20

// reach is how much of a file is written before it begins anew: a guest's disk is
// small.
const reach = 64

// write puts so many mebibytes into a file that is there, "PATH MIB". Each few are
// made to reach the disk before more come, or the kernel's own threads would
// write them, and on v1 that is nobody's account.
func write(arg string) (int64, error) {
	path, count, _ := strings.Cut(arg, " ")
	n, err := strconv.Atoi(count)
	if err != nil {
		return 0, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	piece := make([]byte, mebibyte)
	for i := range n {
		piece[i]++ // no two alike
		if _, err := f.WriteAt(piece, int64(i%reach)*mebibyte); err != nil {
			return 0, err
		}
		if i%4 != 3 && i != n-1 {
			continue
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
	}
	return int64(n) * mebibyte, nil
}

// all does a little of each, and starts a few who rest.
func all(path string) (int64, error) {
	for range 5 {
		c := exec.Command("/proc/self/exe")
		c.Env = append(os.Environ(), deedVar+"=burn 1ms")
		c.Stdin, c.SysProcAttr = os.Stdin, &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
		runtime.LockOSThread() // Pdeathsig fires at the end of the thread that started it
		if err := c.Start(); err != nil {
			return 0, err
		}
	}
	if _, err := burn("300ms"); err != nil {
		return 0, err
	}
	if _, err := touch("33554432", unix.MAP_PRIVATE); err != nil {
		return 0, err
	}
	if _, err := touch("8388608", unix.MAP_SHARED); err != nil {
		return 0, err
	}
	if path == "" {
		return 0, nil
	}
	return write(path + " 8")
}
