package seccomp

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jailrun/jail/test/arm32"
	"golang.org/x/sys/unix"
)

// archForeign is what 32-bit programs have, archOther another machine.
const archForeign, archOther = unix.AUDIT_ARCH_ARM, unix.AUDIT_ARCH_X86_64

// foreigners are calls that end the jail.
var foreigners = map[string]Data{
	"32-bit getpid":     {Nr: 20, Arch: archForeign},
	"32-bit cacheflush": {Nr: 0xf0002, Arch: archForeign},
	"32-bit -1":         {Nr: -1, Arch: archForeign},
	"x86-64":            {Nr: 39, Arch: archOther},
	"32-bit big endian": {Nr: 20, Arch: unix.AUDIT_ARCH_ARMEB},
}

// lackedCalls are those of x86-64 that arm64 never had.
var lackedCalls = strings.Fields(`access alarm arch_prctl chmod chown creat dup2 epoll_create epoll_wait eventfd fork futimesat getdents
	getpgrp inotify_init ioperm iopl lchown link lstat mkdir mknod modify_ldt open pause pipe poll readlink
	rename rmdir select set_thread_area get_thread_area signalfd stat symlink sysfs time unlink ustat utime utimes vfork
	_sysctl uselib create_module query_module get_kernel_syms getpmsg putpmsg afs_syscall tuxcall security vserver
	epoll_ctl_old epoll_wait_old uprobe uretprobe`)

// A name that is neither a call here nor one of x86-64's would be left out of
// the policy unseen.
func TestOnlyCallsOfX86AreLeftOut(t *testing.T) {
	var out []string
	for _, g := range slices.Concat(allowed, suspicious, refused, ignored, absent, initAllowed) {
		for _, c := range g.Calls {
			if lacked(c) {
				out = append(out, c)
			}
		}
	}
	slices.Sort(out)
	want := slices.Sorted(slices.Values(lackedCalls))
	if out = slices.Compact(out); !slices.Equal(out, want) {
		t.Errorf("left out are %q, want %q", out, want)
	}
	for _, c := range slices.Concat(DefaultRules().Checks, Variant{Shared: true, NoRoot: true, NoPids: true, NoIPC: true, NoNetwork: true}.Rules().Checks) {
		if lacks(c.Call) {
			t.Errorf("a check of %s is left", c.Call)
		}
	}
}

// Numbers of x32 and beyond are no other ABI's here.
func TestHighNumbersAreUnknown(t *testing.T) {
	for _, nr := range []int{edge, edge + 1, -2} {
		if got := Reference(DefaultRules(), native(nr)); got != enosys {
			t.Errorf("%d: %v, want ENOSYS", nr, got)
		}
	}
}

// program32 writes the 32-bit program, and shows that it runs.
func program32(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "arm32")
	if err := os.WriteFile(path, arm32.Program(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := exec.CommandContext(t.Context(), path).Run(); err != nil {
		t.Skipf("the kernel or the machine runs no 32-bit programs (CONFIG_COMPAT): %v", err)
	}
	return path
}

func TestListenerIsToldTheArchitectureOfA32BitProgram(t *testing.T) {
	dir := t.TempDir()
	path := program32(t, dir)
	_, refused, err := run(t, "default", dir, path)
	if err == nil || refused["kill for architecture 0x40000028"] != 1 {
		t.Errorf("a 32-bit call behind the filter: %v, heard of %v", err, refused)
	}
}
