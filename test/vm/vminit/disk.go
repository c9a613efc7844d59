package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jailrun/jail/test/vm/job"
	"golang.org/x/sys/unix"
)

// The guest's disk is in its own memory (null_blk.rst): the time that one of the
// host's takes is not the guest's, whose clock follows its instructions. It does
// one request after the other, each in four milliseconds, so that it is as slow as
// a disk beside a processor that is emulated, and its scheduler has something to choose.
var diskSettings = [][2]string{
	{"memory_backed", "1"}, {"blocksize", strconv.Itoa(job.DiskBlock)}, {"size", strconv.Itoa(job.DiskSize >> 20)},
	{"queue_mode", "2"}, {"irqmode", "2"}, {"completion_nsec", "4000000"}, {"hw_queue_depth", "1"}, {"power", "1"},
}

const configfs = "/sys/kernel/config"

// parameters are what a module is loaded with.
func parameters(path string) string {
	if strings.HasSuffix(path, "-null_blk.ko") {
		return "nr_devices=0"
	}
	return ""
}

// mountDisk makes the disk, where the kernel can, and mounts it.
func mountDisk() error {
	if _, err := os.Stat("/sys/module/null_blk"); err != nil {
		return nil
	}
	if err := unix.Mount("configfs", configfs, "configfs", 0, ""); err != nil && err != unix.EBUSY {
		return fmt.Errorf("mount %s: %w", configfs, err)
	}
	at := filepath.Join(configfs, "nullb", filepath.Base(job.Disk))
	if err := os.Mkdir(at, 0o755); err != nil {
		return err
	}
	for _, s := range diskSettings {
		if err := os.WriteFile(filepath.Join(at, s[0]), []byte(s[1]), 0); err != nil {
			return err
		}
	}
	if err := fill(); err != nil {
		return err
	}
	if err := os.MkdirAll(job.DiskAt, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(job.Disk, job.DiskAt, "ext4", unix.MS_NOSUID|unix.MS_NODEV, ""); err != nil {
		return fmt.Errorf("mount %s: %w", job.Disk, err)
	}
	return os.Chmod(job.DiskAt, 0o1777|os.ModeSticky)
}

// fill writes the file system's blocks to the disk.
func fill() error {
	from, err := os.Open(job.DiskData)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(job.Disk, os.O_WRONLY, 0)
	for end := time.Now().Add(5 * time.Second); os.IsNotExist(err) && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond) // devtmpfs is a moment behind
		to, err = os.OpenFile(job.Disk, os.O_WRONLY, 0)
	}
	if err != nil {
		return err
	}
	defer to.Close()
	for {
		var block struct {
			Number uint32
			Data   [job.DiskBlock]byte
		}
		switch err := binary.Read(from, binary.LittleEndian, &block); err {
		case nil:
		case io.EOF:
			return to.Sync()
		default:
			return fmt.Errorf("read %s: %w", job.DiskData, err)
		}
		if _, err := to.WriteAt(block.Data[:], int64(block.Number)*job.DiskBlock); err != nil {
			return err
		}
	}
}
