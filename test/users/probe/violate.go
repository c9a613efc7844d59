package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// hold is how long what was taken is kept: a look every 50 ms must see it.
const hold = 2 * time.Second

var deeds = map[string]func(args []string) error{
	"memory": memoryOf,
	"touch":  touch,
	"shared": shared,
	"fill":   fill,
	"files":  files,
	"fork":   fork,
	"burn":   burn,
	"spin":   spin,
	"brood":  brood,
	"flood":  flood,
	"open":   open,
	"cores":  cores,
}

// violate gives 0 when the limit was exceeded, and refused when the kernel did not
// let it be.
func violate(deed string, args []string) int {
	err := deeds[deed](args)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	fmt.Fprintln(os.Stderr, deed+":", err)
	return refused
}

func number(args []string, i int) int {
	n, _ := strconv.Atoi(args[i])
	return n
}

func self(args ...string) *exec.Cmd {
	c := exec.Command("/proc/self/exe", append([]string{"violate"}, args...)...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	return c
}

// memoryOf MIB N: N processes that touch so much each.
func memoryOf(args []string) error {
	if number(args, 1) == 1 {
		return touch(args)
	}
	var all []*exec.Cmd
	for range number(args, 1) {
		c := self("touch", args[0])
		if err := c.Start(); err != nil {
			return err
		}
		all = append(all, c)
	}
	for _, c := range all {
		if err := c.Wait(); err != nil {
			return err
		}
	}
	return nil
}

func touch(args []string) error {
	b, err := unix.Mmap(-1, 0, number(args, 0)<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return err
	}
	return keep(b)
}

func keep(b []byte) error {
	for i := 0; i < len(b); i += os.Getpagesize() {
		b[i] = 1
	}
	time.Sleep(hold)
	return nil
}

func shared(args []string) error {
	fd, err := unix.MemfdCreate("shared", unix.MFD_CLOEXEC)
	if err != nil {
		return err
	}
	size := number(args, 0) << 20
	if err := unix.Ftruncate(fd, int64(size)); err != nil {
		return err
	}
	b, err := unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	return keep(b)
}

// fill MIB: a file of so much.
func fill(args []string) error {
	f, err := os.CreateTemp("", "fill-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	piece := make([]byte, 1<<20)
	for range number(args, 0) {
		if _, err := f.Write(piece); err != nil {
			return err
		}
	}
	time.Sleep(hold)
	return nil
}

func files(args []string) error {
	dir, err := os.MkdirTemp("", "files-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for i := range number(args, 0) {
		f, err := os.Create(fmt.Sprint(dir, "/", i))
		if err != nil {
			return err
		}
		_ = f.Close()
	}
	return nil
}

// fork N: processes of one task each; the number that came to be is said.
func fork(args []string) error {
	for i := range number(args, 0) {
		if err := exec.Command("sleep", "5").Start(); err != nil {
			fmt.Println(i)
			time.Sleep(hold / 4) // for a look that takes it as a reason to end the jail
			return err
		}
	}
	time.Sleep(hold / 4)
	return nil
}

// burn N: processes that compute without end.
func burn(args []string) error {
	for range number(args, 0) - 1 {
		if err := self("spin", "1h").Start(); err != nil {
			return err
		}
	}
	return spin([]string{"1h"})
}

func spin(args []string) error {
	d, err := time.ParseDuration(args[0])
	for until := time.Now().Add(d); err == nil && time.Now().Before(until); {
		runtime.Gosched()
	}
	return err
}

// brood TIME: children one after the other, each of so much CPU time, that nobody
// waits for: the kernel forgets what they used (SIGCHLD is ignored, wait4(2)).
func brood(args []string) error {
	signal.Ignore(unix.SIGCHLD)
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); {
		_ = self("spin", args[0]).Run() // there is no status to be had
	}
	return nil
}

func flood(args []string) error {
	piece := make([]byte, 1<<16)
	for range number(args, 0) << 4 {
		if _, err := os.Stdout.Write(piece); err != nil {
			return err
		}
	}
	return nil
}

func open(args []string) error {
	for range number(args, 0) {
		if _, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
			return err
		}
	}
	return nil
}

// cores asks for every core, and looks whether it has more than one then.
func cores([]string) error {
	var all, now unix.CPUSet
	for i := range 64 {
		all.Set(i)
	}
	err := unix.SchedSetaffinity(0, &all)
	if e := unix.SchedGetaffinity(0, &now); e != nil {
		return e
	}
	if now.Count() > 1 {
		return nil
	}
	return fmt.Errorf("one core: %w", errors.Join(err, unix.EPERM))
}
