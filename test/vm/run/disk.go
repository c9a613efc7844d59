package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/jailrun/jail/test/vm/cpio"
	"github.com/jailrun/jail/test/vm/job"
)

// addDisk adds what is on the guest's disk: an empty file system, of which only
// the blocks that are not zero.
func (g *guest) addDisk(ctx context.Context) error {
	image := filepath.Join(g.work, "disk")
	f, err := os.Create(image)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(job.DiskSize); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "mke2fs", "-q", "-F", "-t", "ext4", "-b", fmt.Sprint(job.DiskBlock), "-O", "^has_journal", image).CombinedOutput(); err != nil {
		return fmt.Errorf("mke2fs: %w: %s: install the package e2fsprogs", err, out)
	}
	blocks, err := notZero(f)
	if err != nil {
		return err
	}
	g.files = append(g.files, cpio.Entry{Path: job.DiskData[1:], Kind: cpio.File, Perm: 0o600, Data: blocks})
	return nil
}

func notZero(f io.Reader) ([]byte, error) {
	var out, zero []byte
	zero = make([]byte, job.DiskBlock)
	for n := uint32(0); ; n++ {
		block := make([]byte, job.DiskBlock)
		_, err := io.ReadFull(f, block)
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, err
		case !bytes.Equal(block, zero):
			out = append(binary.LittleEndian.AppendUint32(out, n), block...)
		}
	}
}
