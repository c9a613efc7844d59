package limits

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// programs are what runs in the jails.
var programs = map[string]func(args []string) error{
	"burn":   burn,   // SECONDS [FROM]: use CPU time for that long, from that moment
	"escape": escape, // try to run on every CPU
	"share":  share,  // MIB SECONDS: share memory with nobody
	"touch":  touch,  // MIB [SECONDS]: touch memory, and hold it for that long
	"huge":   huge,   // PAGES: touch huge pages
	"write":  write,  // FILE MIB FLAGS: write in pieces of a MiB
	"read":   read,   // FILE MIB
	"ops":    ops,    // FILE N: write as many pieces of 4 KiB
	"tasks":  tasks,  // N: have as many at once
	"orphan": orphan, // MIB SECONDS: end the first thread, then touch memory and hold it
	"forks":  forks,  // N PROGRAM…: run as many of another of these
	"cow":    cow,    // N MIB SECONDS: as many forks of one that has touched it
	"stream": stream, // FILE SECONDS FROM: read for that long, from that moment
}

func say(name string, value float64) { fmt.Printf("%s %f\n", name, value) }

func since(from time.Time) float64 { return time.Since(from).Seconds() }

func argument(args []string, i int) int {
	if i >= len(args) {
		return 0
	}
	n, _ := strconv.Atoi(args[i]) // 0 does nothing, which no test takes for right
	return n
}

func ownCPU() float64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts)
	return time.Duration(ts.Nano()).Seconds()
}

// burn uses CPU time before that moment too, which it does not count.
func burn(args []string) error {
	moment, err := moment(args, 1)
	if err != nil {
		return err
	}
	for time.Now().Before(moment) {
	}
	from, cpu := time.Now(), ownCPU()
	for seconds := float64(argument(args, 0)); since(from) < seconds; {
	}
	say("wall", since(from))
	say("cpu", ownCPU()-cpu)
	return nil
}

// escape asks for each CPU and says on which it then is.
func escape([]string) error {
	seen, refused := uint64(0), 0
	for cpu := range 64 {
		var set unix.CPUSet
		set.Set(cpu)
		if unix.SchedSetaffinity(0, &set) != nil {
			refused++
		}
		for from := time.Now(); since(from) < 0.002; {
			seen |= 1 << current()
		}
	}
	say("seen", float64(seen))
	say("refused", float64(refused))
	return nil
}

func current() uint {
	var cpu uint32
	_, _, _ = unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&cpu)), 0, 0) // it fails on no kernel
	return uint(cpu)
}

// tasks ends badly where it can't have them: so does Go's runtime.
func tasks(args []string) error {
	var all sync.WaitGroup
	for range argument(args, 0) {
		all.Go(func() {
			runtime.LockOSThread()
			rest := unix.NsecToTimespec(int64(200 * time.Millisecond))
			_ = unix.Nanosleep(&rest, nil)
		})
	}
	all.Wait()
	return nil
}

// touched is memory of which each page has been written.
func touched(sharing, mib int) ([]byte, error) {
	b, err := unix.Mmap(-1, 0, mib<<20, unix.PROT_READ|unix.PROT_WRITE, sharing|unix.MAP_ANON)
	for i := 0; i < len(b); i += 4096 {
		b[i] = byte(i>>12) | 1
	}
	return b, err
}

func touch(args []string) error { return holdTouched(unix.MAP_PRIVATE, args) }

func share(args []string) error { return holdTouched(unix.MAP_SHARED, args) }

func holdTouched(sharing int, args []string) error {
	b, err := touched(sharing, argument(args, 0))
	if err != nil {
		return err
	}
	say("touched", float64(len(b)))
	time.Sleep(time.Duration(argument(args, 1)) * time.Second)
	return nil
}

// Only before main can a goroutine be kept on the first thread.
func init() {
	if len(os.Args) > 1 && os.Args[1] == "orphan" {
		runtime.LockOSThread()
	}
}

// orphan: what /proc tells of a process it tells by its first thread.
func orphan(args []string) error {
	done := make(chan error)
	go func() {
		time.Sleep(20 * time.Millisecond)
		done <- touch(args)
	}()
	go func() {
		err := <-done
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}()
	if unix.Gettid() != unix.Getpid() {
		return errors.New("the first thread is another")
	}
	_, _, _ = unix.Syscall(unix.SYS_EXIT, 0, 0, 0) // of the thread alone; the runtime gives its processor to another
	return nil
}

// forks starts itself anew, so that nothing is shared but by who wants to.
func forks(args []string) error {
	var all []*exec.Cmd
	for range argument(args, 0) {
		c := exec.Command("/proc/self/exe", args[1:]...)
		c.Stdout, c.Stderr = os.Stdout, os.Stderr
		if err := c.Start(); err != nil {
			return err
		}
		all = append(all, c)
	}
	var err error
	for _, c := range all {
		err = errors.Join(err, c.Wait())
	}
	return err
}

// cow forks without exec, so that the memory is the parent's until it is written.
func cow(args []string) error {
	if _, err := touched(unix.MAP_PRIVATE, argument(args, 1)); err != nil {
		return err
	}
	rest := unix.NsecToTimespec(int64(argument(args, 2)) * int64(time.Second))
	for range argument(args, 0) {
		pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
		if errno != 0 {
			return errno
		}
		if pid == 0 { // no runtime is left here but this thread
			_, _, _ = unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&rest)), 0, 0)
			_, _, _ = unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
		}
	}
	for {
		if _, err := unix.Wait4(-1, nil, 0, nil); err == unix.ECHILD {
			return nil
		}
	}
}

const hugePage = 2 << 20

func huge(args []string) error {
	b, err := unix.Mmap(-1, 0, argument(args, 0)*hugePage, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_HUGETLB)
	if err != nil {
		return err
	}
	for i := 0; i < len(b); i += hugePage {
		b[i] = 1
	}
	say("touched", float64(len(b)))
	return nil
}

// aligned is a buffer that O_DIRECT takes, open(2).
func aligned(n int) []byte {
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		panic(err) // a megabyte of the test's own
	}
	return b
}

var flags = map[string]int{"direct": unix.O_DIRECT, "sync": unix.O_SYNC}

// write writes, and waits at the end for what is still to be written.
func write(args []string) error {
	f, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE|flags[args[2]], 0o600)
	if err != nil {
		return err
	}
	b, from := aligned(1<<20), time.Now()
	for range argument(args, 1) {
		if _, err := f.Write(b); err != nil {
			return err
		}
	}
	before := since(from)
	err = f.Sync()
	say("seconds", since(from))
	say("sync", since(from)-before)
	return errors.Join(err, f.Close())
}

func read(args []string) error {
	f, err := os.OpenFile(args[0], os.O_RDONLY|flags[args[2]], 0)
	if err != nil {
		return err
	}
	defer f.Close()
	b, from, n := aligned(1<<20), time.Now(), 0
	for range argument(args, 1) {
		m, err := f.Read(b)
		if err != nil {
			return err
		}
		n += m
	}
	say("seconds", since(from))
	say("bytes", float64(n))
	return nil
}

func ops(args []string) error {
	how := map[string]int{"write": os.O_WRONLY, "read": os.O_RDONLY}[args[2]]
	f, err := os.OpenFile(args[0], how|unix.O_DIRECT, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	b, from := aligned(4<<10), time.Now()
	for i := range argument(args, 1) {
		at := int64(i) * 8192 // apart, so that no two are merged
		if how == os.O_WRONLY {
			_, err = f.WriteAt(b, at)
		} else {
			_, err = f.ReadAt(b, at)
		}
		if err != nil {
			return err
		}
	}
	say("seconds", since(from))
	return nil
}

// moment is when several programs begin at once: the clock is the host's in each.
func moment(args []string, i int) (time.Time, error) {
	if i >= len(args) {
		return time.Now(), nil
	}
	ns, err := strconv.ParseInt(args[i], 10, 64)
	return time.Unix(0, ns), err
}

// stream reads by several threads, so that there is always more to be had.
func stream(args []string) error {
	f, err := os.OpenFile(args[0], os.O_RDONLY|unix.O_DIRECT, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	from, err := moment(args, 2)
	if err != nil {
		return err
	}
	var total atomic.Int64
	var all sync.WaitGroup
	for i := range int64(4) {
		all.Go(func() {
			time.Sleep(time.Until(from))
			b := aligned(64 << 10)
			for at := i * 8 << 20; since(from) < float64(argument(args, 1)); at = (at + int64(len(b))) % (32 << 20) {
				n, err := f.ReadAt(b, at)
				if err != nil {
					return // the sum will tell
				}
				total.Add(int64(n))
			}
		})
	}
	all.Wait()
	say("bytes", float64(total.Load()))
	return nil
}
