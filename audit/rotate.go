package audit

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// older names a file that was FILE before: FILE.1 is the last that was.
func older(path string, n int) string { return path + "." + strconv.Itoa(n) }

// rotate makes FILE into FILE.1, what that was into FILE.2 and so on, removes what
// is too old, and begins a new FILE. A kill at any step leaves what the next writer
// knows to go on with: a gap in the numbers, which the next rotation fills, or no
// FILE, while FILE.1 is what the head was made of.
func (c *chain) rotate() ([]Detail, error) {
	dir, err := safepath.Find(filepath.Dir(c.path), c.options.Follow)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	if err := c.shift(int(dir.Fd())); err != nil {
		return nil, failed("rotate", c.path, err)
	}
	was := c.file
	defer was.Close()
	c.file, c.text = nil, nil
	if err := c.openFile(); err != nil {
		return nil, err
	}
	if err := giveLike(c.file, was); err != nil {
		return nil, err
	}
	if size, err := c.size(); err != nil || size > 0 {
		return nil, failed("rotate", c.path, errors.Join(err, ErrReplaced))
	}
	c.head.size = 0
	return c.begun()
}

// shift renames the files. None is written over, and none is removed but logs.
func (c *chain) shift(dir int) error {
	base := filepath.Base(c.path)
	name := func(n int) string {
		if n == 0 {
			return base
		}
		return older(base, n)
	}
	last := 0 // this many stand without a gap
	for last == 0 || exists(dir, name(last)) {
		last++
	}
	for n := last - 1; n >= 0; n-- {
		if keep := c.options.Keep; keep > 0 && n+1 > keep {
			if err := c.remove(dir, name(n), n); err != nil {
				return err
			}
			continue
		}
		err := unix.Renameat2(dir, name(n), dir, name(n+1), unix.RENAME_NOREPLACE)
		if err == unix.EINVAL || err == unix.ENOSYS { // a file system that has no such flag
			err = unix.Renameat(dir, name(n), dir, name(n+1))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func exists(dir int, name string) bool {
	var st unix.Stat_t
	return unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW) == nil
}

// remove removes an older file, if it is a log.
func (c *chain) remove(dir int, name string, n int) error {
	f, err := safepath.OpenInput(older(c.path, n), c.options.Follow)
	if err != nil {
		return err
	}
	defer f.Close()
	b := make([]byte, len(lineHead))
	if _, err := f.ReadAt(b, 0); err != nil || string(b) != lineHead {
		return &Error{Op: "remove", Object: older(c.path, n), Err: ErrNotLog, Hint: "move it away: it stands where an older file of the log would be"}
	}
	err = unix.Unlinkat(dir, name, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
