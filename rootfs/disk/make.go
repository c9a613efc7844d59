// Package disk keeps a file system of a given size in a file: what a jail may fill,
// and no more. It is for root, who may mount one.
package disk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Options say what a disk is made with.
type Options struct {
	Bytes  int64 // of the file; it takes as much of the host as is written
	Inodes int64 // 0: as many as the maker finds fit
}

// makers are where distributions have it; PATH is the caller's, and may lack them.
var makers = [...]string{"/usr/sbin/mkfs.ext4", "/sbin/mkfs.ext4", "/usr/bin/mkfs.ext4"}

// Maker is the path of the program that makes disks, "" where there is none.
func Maker() string {
	for _, m := range makers {
		if unix.Access(m, unix.X_OK) == nil {
			return m
		}
	}
	return ""
}

// Make makes a file with an empty ext4 on it. A file that is there already is an
// error, which wraps fs.ErrExist. It takes the program mkfs.ext4 (package e2fsprogs).
func Make(ctx context.Context, path string, o Options) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) // #nosec G304 -- new, by the caller's word
	if err != nil {
		return &Error{Op: "make", Object: path, Err: err}
	}
	defer f.Close()
	err = f.Truncate(o.Bytes)
	if err == nil {
		err = format(ctx, f, o)
	}
	if err != nil {
		_ = os.Remove(path) // it is of no use
		return &Error{Op: "make", Object: path, Err: err, Hint: makeHint(err)}
	}
	return nil
}

func makeHint(err error) string {
	switch {
	case errors.Is(err, ErrNoMaker):
		return "apt-get install e2fsprogs"
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EFBIG):
		return "free space, or ask for less (--state-size)"
	}
	return ""
}

// format gives the maker the file by its descriptor. Nobody has a part of the disk
// reserved for himself, as root has by default, and no journal is larger than it
// takes to survive a crash.
func format(ctx context.Context, f *os.File, o Options) error {
	maker := Maker()
	if maker == "" {
		return ErrNoMaker
	}
	args := []string{"-q", "-F", "-m", "0", "-b", "4096", "-I", "256", "-O", features,
		"-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0"}
	args = append(args, journal(o.Bytes)...)
	if o.Inodes > 0 {
		args = append(args, "-N", strconv.FormatInt(max(o.Inodes, 16), 10))
	}
	c := exec.CommandContext(ctx, maker, append(args, "/proc/self/fd/3")...) // #nosec G204 -- a path of the table
	c.ExtraFiles, c.Env = []*os.File{f}, []string{"LC_ALL=C", "MKE2FS_CONFIG=/dev/null"}
	var said bytes.Buffer
	c.Stderr = &said
	if err := c.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, strings.Join(strings.Fields(said.String()), " "))
	}
	return nil
}

// features are named here, since a host's mke2fs.conf is its administrator's: those of
// every kernel that jail runs on, without room for growing.
const features = "has_journal,sparse_super,large_file,filetype,ext_attr,dir_index,extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize,^resize_inode"

// journal gives the journal's size in MiB, of which four are the least (mke2fs(8)); a
// small disk has none, and what was being written when the host went down may be lost.
func journal(bytes int64) []string {
	switch {
	case bytes < 32<<20:
		return []string{"-O", "^has_journal"}
	case bytes < 1<<30:
		return []string{"-J", "size=4"}
	}
	return []string{"-J", "size=16"}
}
