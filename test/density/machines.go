package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jailrun/jail/test/vm/cpio"
	"github.com/jailrun/jail/test/vm/kernels"
)

// guestMemory is what each machine has, MiB.
const guestMemory = 128

// idleInit is a guest's process 1: it says that it runs, and sleeps.
const idleInit = "#!/bin/busybox sh\n/bin/busybox echo the service runs\nexec /bin/busybox sleep 100000\n"

// virtual boots machines that do nothing, and looks at what each costs.
func virtual(ctx context.Context, n int, folder string) (row, error) {
	r := row{name: "virtual machine", n: n, processes: 1}
	dir, err := os.MkdirTemp("", "jail-density-vm-")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	image, root, err := guest(ctx, dir, folder)
	if err != nil {
		return r, err
	}
	settle()
	base := kernelMemory()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	begin := time.Now()
	for i := range n {
		console := filepath.Join(dir, fmt.Sprint("console", i))
		c := exec.CommandContext(ctx, "qemu-system-x86_64", "-accel", "tcg", "-machine", "q35", "-cpu", "max,-cx16", "-m", fmt.Sprint(guestMemory),
			"-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-nic", "none", "-serial", "file:"+console,
			"-kernel", image, "-initrd", root, "-append", "console=ttyS0 quiet panic=-1 rdinit=/init mitigations=off cryptomgr.notests")
		if err := c.Start(); err != nil {
			return r, err
		}
		defer func() { _ = c.Wait() }()
		defer cancel()
		if err := says(ctx, console, "the service runs"); err != nil {
			return r, err
		}
		if i == 0 {
			r.start = time.Since(begin)
		}
		r.pss += pss(c.Process.Pid)
	}
	settle()
	r.pss, r.kernel = r.pss/float64(n), perOne(kernelMemory()-base, n)
	return r, nil
}

// guest gives a kernel and a first root with nothing in it but busybox.
func guest(ctx context.Context, dir, folder string) (image, root string, err error) {
	cache, err := kernels.Open(folder)
	if err != nil {
		return "", "", err
	}
	list, err := kernels.Find([]string{"6.1"})
	if err != nil {
		return "", "", err
	}
	tree, err := cache.Fetch(ctx, list[0])
	if err != nil {
		return "", "", err
	}
	busybox, err := cache.Busybox(ctx)
	if err != nil {
		return "", "", err
	}
	data, err := os.ReadFile(busybox)
	if err != nil {
		return "", "", err
	}
	root = filepath.Join(dir, "root.cpio")
	f, err := os.Create(root)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	w := cpio.NewWriter(f)
	w.Add(cpio.Entry{Path: "bin/busybox", Kind: cpio.File, Perm: 0o755, Data: data})
	w.Add(cpio.Entry{Path: "init", Kind: cpio.File, Perm: 0o755, Data: []byte(idleInit)})
	w.Add(cpio.Entry{Path: "dev/console", Kind: cpio.Char, Perm: 0o600, Major: 5, Minor: 1})
	return tree.Image, root, w.Close()
}

// says waits until a machine's console has a line.
func says(ctx context.Context, console, line string) error {
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); {
		if b, err := os.ReadFile(console); err == nil && strings.Contains(string(b), line) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s: the machine has not said %q in three minutes", console, line)
}
