//go:build guest

package limits

import (
	"encoding/binary"
	"os"
	"testing"
	"unsafe"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// swapOn gives the guest swap space, which is for the guest alone to have: a
// file as mkswap(8) makes it.
func swapOn(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs swap space: not root")
	}
	dir, _ := disk(t)
	const mib = 56
	name := filled(t, dir, mib)
	header := make([]byte, 4096)
	binary.LittleEndian.PutUint32(header[1024:], 1)              // version
	binary.LittleEndian.PutUint32(header[1028:], mib<<20/4096-1) // last page
	copy(header[4086:], "SWAPSPACE2")
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(header, 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	path, err := unix.BytePtrFromString(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, errno := unix.Syscall(unix.SYS_SWAPON, uintptr(unsafe.Pointer(path)), 0, 0); errno != 0 {
		t.Fatal("swapon: ", errno)
	}
	t.Cleanup(func() {
		if _, _, errno := unix.Syscall(unix.SYS_SWAPOFF, uintptr(unsafe.Pointer(path)), 0, 0); errno != 0 {
			t.Error("swapoff: ", errno)
		}
	})
}

func TestSwapIsNoneUnlessItIsGiven(t *testing.T) {
	f := offered(t, "memory")
	swapOn(t)
	free := done(t, policy.Policy{Limits: policy.Limits{Memory: 32 * size.MiB, Swap: policy.Unlimited}}, "touch", "64")
	if f.Version == 2 && free.Usage.SwapPeakBytes != nil && *free.Usage.SwapPeakBytes < 24<<20 {
		t.Fatalf("swap_peak_bytes is %d of a program that uses twice its memory", *free.Usage.SwapPeakBytes)
	}
	done(t, policy.Policy{Limits: policy.Limits{Memory: 32 * size.MiB, Swap: policy.Swap(48 * size.MiB)}}, "touch", "64")
	for _, swap := range []policy.Swap{0, policy.Swap(8 * size.MiB)} {
		r := run(t, policy.Policy{Limits: policy.Limits{Memory: 32 * size.MiB, Swap: swap}}, "touch", "64")
		if r.Reason != result.Memory || *r.Evidence.OOMKills == 0 {
			t.Errorf("--swap %s: %s", swap, r.Reason)
		}
		if p := r.Usage.SwapPeakBytes; p != nil && *p > int64(swap) {
			t.Errorf("--swap %s: swap_peak_bytes is %d", swap, *p)
		}
	}
}
