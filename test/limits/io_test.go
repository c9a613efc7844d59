package limits

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// disk gives a folder on a block device, and a policy that shows it writable.
// JAIL_TEST_DISK names one where the working folder is on none.
func disk(t *testing.T) (string, policy.Policy) {
	t.Helper()
	at := os.Getenv("JAIL_TEST_DISK")
	if at == "" {
		at = "/var/tmp"
	}
	dir, err := os.MkdirTemp(at, "limits-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		t.Fatal(err)
	}
	if unix.Major(st.Dev) == 0 {
		t.Skip("needs a folder on a block device: " + at + " is on none (JAIL_TEST_DISK=FOLDER)")
	}
	return dir, policy.Policy{Files: []policy.File{{Kind: policy.FileRW, Source: dir, Target: dir}}}
}

// filled makes a file of so many MiB whose blocks are on the disk.
func filled(t *testing.T, dir string, mib int) string {
	t.Helper()
	name := dir + "/filled"
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1<<20)
	for range mib {
		if _, err := f.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Chmod(0o666); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

// rate is what a limit may be off by.
const rate = 0.10

func TestBytesWrittenAreHeld(t *testing.T) {
	offered(t, "blkio")
	dir, p := disk(t)
	free := done(t, p, "write", dir+"/a", "24", "direct")
	if free.said["seconds"] > 2 {
		t.Fatalf("24 MiB took %.1f s without a limit", free.said["seconds"])
	}
	p.Limits.IOWriteBPS = "8M"
	for _, how := range []string{"direct", "sync"} {
		bounded(t, how+" MiB/s at --io-write-bps 8M", 8, rate, func() float64 {
			return 24 / done(t, p, "write", dir+"/"+how, "24", how).said["seconds"]
		})
	}
}

// What is written back later is charged to who dirtied it on v2; on v1 the
// kernel's own thread writes it, for nobody.
func TestBytesWrittenLaterAreHeldOnV2(t *testing.T) {
	if f := offered(t, "blkio"); f.Version == 1 {
		t.Skip("needs cgroup writeback: cgroup v1 has none")
	}
	dir, p := disk(t)
	p.Limits.IOWriteBPS = "8M"
	r := done(t, p, "write", dir+"/later", "32", "buffered")
	t.Logf("%d bytes in %.2f s, %.2f of them to sync", *r.Usage.IOWriteBytes, r.said["seconds"], r.said["sync"])
	near(t, "MiB/s with fsync at --io-write-bps 8M", 32/r.said["sync"], 8, rate)
}

func TestBytesReadAreHeld(t *testing.T) {
	offered(t, "blkio")
	dir, p := disk(t)
	name := filled(t, dir, 24)
	done(t, p, "read", name, "24", "direct")
	p.Limits.IOReadBPS = policy.Sizes(dir + "=8M")
	var r ran
	bounded(t, "MiB/s at --io-read-bps 8M", 8, rate, func() float64 {
		r = done(t, p, "read", name, "24", "direct")
		return 24 / r.said["seconds"]
	})
	if got := *r.Usage.IOReadBytes; got < 24<<20 || got > 25<<20 {
		t.Errorf("io_read_bytes is %d", got)
	}
}

func TestOperationsAreHeld(t *testing.T) {
	offered(t, "blkio")
	dir, p := disk(t)
	name := filled(t, dir, 8)
	for _, how := range []string{"read", "write"} {
		free := done(t, p, "ops", name, "120", how)
		if free.said["seconds"] > 1.5 {
			t.Fatalf("%s: 120 of them took %.1f s without a limit", how, free.said["seconds"])
		}
	}
	p.Limits.IOReadOps, p.Limits.IOWriteOps = "40", "30"
	bounded(t, "reads in a second at --io-read-ops 40", 40, rate, func() float64 {
		return 120 / done(t, p, "ops", name, "120", "read").said["seconds"]
	})
	bounded(t, "writes in a second at --io-write-ops 30", 30, rate, func() float64 {
		return 90 / done(t, p, "ops", name, "90", "write").said["seconds"]
	})
}

// shared gives a folder on a block device whose scheduler heeds weights: one of
// the test's own, a slow file that it shows as a device (loop(4)), or in a guest
// JAIL_TEST_DEVICE.
func shared(t *testing.T) (string, policy.Policy) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs a block device of the test's own: not root")
	}
	dir, p := disk(t)
	if device := os.Getenv("JAIL_TEST_DEVICE"); device != "" {
		heed(t, device)
		return dir, p
	}
	image := filled(t, dir, 96)
	command(t, "mke2fs", "-q", "-F", "-O", "^has_journal", image)
	device := strings.TrimSpace(command(t, "losetup", "--direct-io=on", "--find", "--show", slowly(t, image)))
	t.Cleanup(func() { command(t, "losetup", "--detach", device) })
	heed(t, device)
	at := filepath.Join(dir, "mnt")
	if err := os.Mkdir(at, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(device, at, "ext4", 0, ""); err != nil {
		t.Skip("needs ext4: ", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(at, unix.MNT_DETACH) })
	return at, policy.Policy{Files: []policy.File{{Kind: policy.FileRO, Source: at, Target: at}}}
}

// heed has a device share itself out by weight.
func heed(t *testing.T, device string) {
	t.Helper()
	queue := "/sys/block/" + filepath.Base(device) + "/queue/"
	all, err := os.ReadFile(queue + "scheduler")
	if err != nil {
		t.Fatal(err)
	}
	_, before, _ := strings.Cut(string(all), "[")
	before, _, _ = strings.Cut(before, "]")
	if err := os.WriteFile(queue+"scheduler", []byte("bfq"), 0); err != nil {
		t.Skip("needs the I/O scheduler bfq: ", err)
	}
	t.Cleanup(func() { _ = os.WriteFile(queue+"scheduler", []byte(before), 0) })
	// It would favour whoever is new, and trade shares for throughput on a device
	// as quick as memory (bfq-iosched.rst); and it chooses among what it holds.
	for name, value := range map[string]string{"iosched/low_latency": "0", "iosched/strict_guarantees": "1", "nr_requests": "64"} {
		if err := os.WriteFile(queue+name, []byte(value), 0); err != nil {
			t.Fatal(err)
		}
	}
}

func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
	return string(out)
}

func TestIOWeightSharesADeviceInProportion(t *testing.T) {
	offered(t, "blkio")
	dir, p := shared(t)
	name := filled(t, dir, 40)
	steady(t, "share of the heavier", 0.75, rate, func() float64 {
		from := in(500 * time.Millisecond)
		var ends [2]func() ran
		for i, weight := range []int64{100, 300} {
			p.Limits.IOWeight = weight
			ends[i] = start(t, p, "stream", name, "4", from)
		}
		lighter, heavier := ends[0]().said["bytes"], ends[1]().said["bytes"]
		t.Logf("%.0f and %.0f bytes", lighter, heavier)
		return heavier / (lighter + heavier)
	})
}
