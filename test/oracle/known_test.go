package oracle

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// within holds a figure to what is known, by one part in fifty.
func within(t *testing.T, who, what string, got, known int64) {
	t.Helper()
	off := 100 * float64(got-known) / float64(known)
	t.Logf("%s: %s %d of %d, %+.2f %%", who, what, got, known, off)
	if off < -2 || off > 2 {
		t.Errorf("%s says %s is %d, and it is %d: %+.2f %%", who, what, got, known, off)
	}
}

// jailed runs a deed in a jail, and gives what it says it has cost, what the
// library reads while it rests, and what jail says in the end.
func jailed(t *testing.T, deed string, files ...policy.File) (cost int64, other figures, u *result.Usage) {
	t.Helper()
	testHost(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &policy.Policy{
		Env:   []string{deedVar + "=" + deed, "GOMEMLIMIT=off"},
		Files: append(files, policy.File{Kind: policy.FileRO, Source: self, Target: "/box/deed"}),
	}
	c := isolate.CommandContext(t.Context(), p, "/box/deed")
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); errors.Is(err, unix.ENOSYS) && len(files) > 0 {
		t.Skip("needs idmapped mounts of this file system (Linux 5.12; tmpfs 6.3): ", err)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Kill() })
	cost = costOf(t, stdout)
	other = theirs(t, fmt.Sprintf("jail-%d-", os.Getpid()))
	_ = stdin.Close()
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	return cost, other, &c.Result().Usage
}

func TestCPUTimeIsThatOfTheProgramsOwnClock(t *testing.T) {
	much := "burn 1200ms"
	if emulated() { // where a launch takes tens of milliseconds of its own
		much = "burn 4s"
	}
	cost, other, u := jailed(t, much)
	within(t, "jail", "CPU time", *u.CPUNS, cost)
	within(t, "the oracle", "CPU time", other["cpu"], cost)
	if *u.UserNS < cost/2 { // it is the tick's share of the whole, and a clock is read now and then
		t.Errorf("of %d ns %d are the user's, and the program computes", cost, *u.UserNS)
	}
}

// emulated reports whether the processor is QEMU's interpreter.
func emulated() bool {
	b, err := os.ReadFile("/proc/cpuinfo")
	return err == nil && strings.Contains(string(b), "QEMU")
}

func TestMemoryPeakIsWhatWasTouched(t *testing.T) {
	const size = 400 * mebibyte
	cost, other, u := jailed(t, fmt.Sprint("touch ", size))
	within(t, "jail", "the peak", *u.MemoryPeakBytes, cost)
	within(t, "the oracle", "the use", other["now"], cost)
	if peak, ok := other["peak"]; ok {
		within(t, "the oracle", "the peak", peak, cost)
	}
	within(t, "the oracle", "private memory", other["anon"], cost)
}

// Where a jail has no meter of block devices its account is rusage's, by the
// blocks that were made dirty.
func TestBytesWrittenAreThoseThatReachedTheDisk(t *testing.T) {
	file := needDisk(t)
	const size = 256
	g := meteredGroup(t)
	meter(t, g, file)
	if err := os.Remove(file); err != nil { // the kernel charges what is written later to the group that made the file
		t.Fatal(err)
	}
	cost := in(t, g, fmt.Sprint("write ", file, " ", size))
	within(t, "jail", "bytes written", ours(t, g)["written"], cost)
	within(t, "the oracle", "bytes written", theirs(t, g.Name())["written"], cost)
}

func needDisk(t *testing.T) string {
	t.Helper()
	file := diskFile(t)
	if file == "" {
		t.Skip(noDisk)
	}
	return file
}

func meteredGroup(t *testing.T) *cgroup.Group {
	t.Helper()
	if !metersIO(testHost(t)) {
		t.Skip("needs the cpu and io controllers: io is not here")
	}
	return testGroup(t, cgroup.Spec{Memory: 256 << 20, Pids: 100, IO: true})
}

func TestAJailsAccountOfBytesWrittenIsThatOfTheProgram(t *testing.T) {
	file := needDisk(t)
	const size = 256
	cost, _, u := jailed(t, fmt.Sprint("write /out ", size), policy.File{Kind: policy.FileRW, Source: file, Target: "/out"})
	within(t, "jail, by "+string(*u.IOSource), "bytes written", *u.IOWriteBytes, cost)
}
