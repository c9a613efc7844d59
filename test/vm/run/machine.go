package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"

	"github.com/jailrun/jail/test/vm/kernels"
)

// machine is how QEMU emulates an architecture.
type machine struct {
	command string   // of QEMU
	pkg     string   // Debian's package that brings it
	args    []string // the machine, without any device but these
	serial  []string // the jobs' line
	console string   // what the kernel is told of its own
}

// Without cx16, for QEMU 7.2 can leave an operand of cmpxchg16b in the flags, and
// then the guest's memory allocator faults. Time is that of the instructions,
// eight nanoseconds each, and passes at once where there is nothing to execute:
// on a busy host the kernel would else mistake its clock, and tests their
// deadlines. arm64's board has one line, which is
// the kernel's; the jobs' is a PCI card. Its signatures of pointers are made by a
// cheap function instead of the architecture's, which takes most of the time.
var machines = map[string]machine{
	"amd64": {
		command: "qemu-system-x86_64", pkg: "qemu-system-x86",
		args:    []string{"-icount", "shift=3,sleep=off", "-machine", "q35", "-cpu", "max,-cx16"},
		serial:  []string{"-serial", "stdio"},
		console: "console=ttyS0 tsc=reliable",
	},
	"arm64": {
		command: "qemu-system-aarch64", pkg: "qemu-system-arm",
		args:    []string{"-machine", "virt", "-cpu", "max,pauth-impdef=on"},
		serial:  []string{"-chardev", "stdio,id=jobs", "-device", "pci-serial,chardev=jobs"},
		console: "console=ttyAMA0",
	},
}

// choose has the go command build for an architecture, and says what is missing
// to emulate it.
func choose(arch string) error {
	m, ok := machines[arch]
	if !ok {
		return fmt.Errorf("architecture %q: no machine is known for it", arch)
	}
	if _, err := exec.LookPath(m.command); err != nil {
		return fmt.Errorf("%w: install the package %s", err, m.pkg)
	}
	return os.Setenv("GOARCH", arch)
}

// pairs are the kernels that get two processors, for what takes two to show. One
// thread emulates both in turns, and other kernels hang while one waits for the
// other.
var pairs = []string{"6.18"}

// qemu boots without KVM. One thread, for more were slower or hung; the first
// serial line is the kernel's, the second the jobs'.
func qemu(ctx context.Context, t kernels.Tree, root, console string) *exec.Cmd {
	m := machines[t.Arch]
	args := append([]string{"-accel", "tcg,thread=single"}, m.args...)
	args = append(args, "-m", "1024",
		"-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-monitor", "none", "-nic", "none",
		"-serial", "file:"+console)
	if slices.Contains(pairs, t.Series) {
		args = append(args, "-smp", "2")
	}
	args = append(args, m.serial...)
	args = append(args, "-kernel", t.Image, "-initrd", root,
		"-append", m.console+" quiet loglevel=4 panic=-1 rdinit=/init random.trust_cpu=on mitigations=off cryptomgr.notests")
	return exec.CommandContext(ctx, m.command, args...)
}
