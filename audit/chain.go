package audit

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// chain is a log on its disk. Whoever calls its methods holds the lock, but for
// acquire and close.
type chain struct {
	path    string // absolute: the caller may change its folder
	options *Options
	key     *key // nil for none
	file    *os.File
	beside  *os.File // FILE.head
	head    head     // as FILE.head has it, or where a failed one left off
	text    []byte   // what FILE.head was when it was last read or written here; nil: unknown
	broken  bool     // FILE does not end with a newline
	parser  parser
	lines   int // written here since the last checkpoint
}

func headOf(path string) string { return path + ".head" }

// acquire opens FILE and FILE.head, where they are not open or not those that the
// paths lead to any more, and takes the lock.
func (c *chain) acquire(ctx context.Context) error {
	const attempts = 10
	for range attempts {
		if err := c.open(); err != nil {
			return err
		}
		if err := lock(ctx, c.beside, unix.LOCK_EX); err != nil {
			c.close()
			return err
		}
		if safepath.LeadsTo(c.beside, headOf(c.path)) {
			if safepath.LeadsTo(c.file, c.path) {
				return nil
			}
			// It was rotated. FILE can't change any more, now that the lock is held.
			return c.reopen()
		}
		c.close()
	}
	return &Error{Op: "open", Object: headOf(c.path), Err: ErrReplaced, Hint: "use a folder in which only you may make files"}
}

// reopen opens what FILE is now.
func (c *chain) reopen() error {
	c.file.Close()
	c.file, c.text = nil, nil
	err := c.openFile()
	if err == nil {
		err = giveLike(c.file, c.beside)
	}
	if err != nil {
		c.close()
	}
	return err
}

func (c *chain) release() { unlock(c.beside) }

// close closes both, and so gives back the lock.
func (c *chain) close() {
	for _, f := range []**os.File{&c.file, &c.beside} {
		if *f != nil {
			(*f).Close()
			*f = nil
		}
	}
	c.text = nil
}

// open opens both, under the rules of every file that jail writes: a regular file
// of one name, no link, nothing of a stranger's.
func (c *chain) open() error {
	if c.file == nil {
		if err := c.openFile(); err != nil {
			return err
		}
	}
	if c.beside != nil {
		return nil
	}
	f, err := c.openKept(headOf(c.path))
	if err == nil {
		if err = giveLike(f, c.file); err != nil {
			f.Close()
		}
	}
	if err != nil {
		c.close()
		return err
	}
	c.beside, c.text = f, nil
	return nil
}

func (c *chain) openFile() error {
	f, err := c.openKept(c.path)
	if err != nil {
		return err
	}
	// Whatever else happens, nothing that stands in it is written over.
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETFL, unix.O_APPEND); err != nil {
		f.Close()
		return failed("append to", c.path, err)
	}
	c.file = f
	return nil
}

func (c *chain) openKept(path string) (*os.File, error) {
	f, err := safepath.OpenKept(path, c.options.Follow)
	var refused *safepath.Error
	if errors.As(err, &refused) && refused.Err == safepath.Device {
		refused.Hint = "name a regular file: no other keeps a record"
	}
	return f, err
}

// giveLike gives an empty file, just made beside another, that one's mode, and as
// root its owner: who may write the one must be able to write the other.
func giveLike(f, other *os.File) error {
	st, err := f.Stat()
	if err != nil || st.Size() > 0 {
		return failed("read", f.Name(), err)
	}
	like, err := other.Stat()
	if err != nil {
		return failed("read", other.Name(), err)
	}
	if st.Mode().Perm() != like.Mode().Perm() {
		err = f.Chmod(like.Mode().Perm())
	}
	mine, ok1 := st.Sys().(*syscall.Stat_t)
	owner, ok2 := like.Sys().(*syscall.Stat_t)
	if ok1 && ok2 && os.Geteuid() == 0 && (mine.Uid != owner.Uid || mine.Gid != owner.Gid) {
		err = errors.Join(err, f.Chown(int(owner.Uid), int(owner.Gid)))
	}
	if errors.Is(err, unix.EPERM) { // another of those who share it has made it just now
		err = nil
	}
	return failed("make", f.Name(), err)
}

// readHead reads FILE.head as it stands.
func (c *chain) readHead() ([]byte, error) {
	text := make([]byte, mostHead)
	n, err := c.beside.ReadAt(text, 0)
	if err != nil && err != io.EOF {
		return nil, failed("read", headOf(c.path), err)
	}
	return text[:n], nil
}

// writeHead writes where the log ends now, over what FILE.head was. It lies in one
// page, which is copied in one piece: a kill leaves the old one or the new.
func (c *chain) writeHead() error {
	text, err := c.head.signed(headTitle, c.key)
	if err != nil {
		return failed("sign", headOf(c.path), err)
	}
	old := c.text
	c.text = nil
	if _, err := c.beside.WriteAt(text, 0); err != nil {
		return failed("write", headOf(c.path), err)
	}
	if old == nil || len(old) > len(text) {
		if err := c.beside.Truncate(int64(len(text))); err != nil {
			return failed("write", headOf(c.path), err)
		}
	}
	c.text = text
	return nil
}

func (c *chain) size() (int64, error) {
	var st unix.Stat_t
	err := unix.Fstat(int(c.file.Fd()), &st)
	return st.Size, failed("read", c.path, err)
}

// absolute is the path as it is from any folder.
func absolute(path string) (string, error) {
	if path == "" {
		return "", &Error{Op: "open", Object: "the log", Err: unix.ENOENT, Hint: "name a file"}
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", failed("open", path, err)
	}
	if path[len(path)-1] == '/' {
		abs += "/" // it names a folder, and is refused as one
	}
	return abs, nil
}
