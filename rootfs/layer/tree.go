package layer

import (
	"errors"
	"os"
	"strings"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// tree is the folder that is being made. Entries come folder by folder, so the one
// that the last was made in is kept open.
type tree struct {
	top    *os.File
	owners bool // files can be given away
	path   string
	folder *os.File // at path; nil: none is kept
	made   int64    // folders that no entry was there for
}

// givesAway says whether any file can be given to anybody: by root whose user
// namespace has an ID for each of the host's. With one more to spare it is not a
// user's who was lent some.
func givesAway() bool {
	const all = "4294967295"
	b, err := os.ReadFile("/proc/self/uid_map")
	return err == nil && os.Geteuid() == 0 && strings.HasSuffix(strings.TrimSpace(string(b)), " "+all)
}

func (t *tree) close() {
	t.forget()
	t.top.Close()
}

func (t *tree) forget() {
	if t.folder != nil {
		t.folder.Close()
	}
	t.folder = nil
}

// parent gives the folder that path lies in, and its last name. It makes folders that
// are missing.
func (t *tree) parent(path string) (fd int, name string, err error) {
	in, name := safepath.CutLast(path)
	f, err := t.enter(in)
	if errors.Is(err, unix.ENOENT) {
		if err = t.makeAll(in); err == nil {
			f, err = t.enter(in)
		}
	}
	if err != nil {
		return -1, "", wayFault(err)
	}
	return int(f.Fd()), name, nil
}

// enter opens a folder of the tree, without following a link.
func (t *tree) enter(path string) (*os.File, error) {
	switch {
	case path == "":
		return t.top, nil
	case t.folder != nil && t.path == path:
		return t.folder, nil
	}
	f, err := safepath.Beneath(int(t.top.Fd()), path, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	t.forget()
	t.path, t.folder = path, f
	return f, nil
}

// makeAll makes each folder of path that is missing.
func (t *tree) makeAll(path string) error {
	for end := 0; end < len(path); end++ {
		if n := strings.IndexByte(path[end:], '/'); n >= 0 {
			end += n
		} else {
			end = len(path)
		}
		fd, name, err := t.parent(path[:end])
		if err != nil {
			return err
		}
		switch err := unix.Mkdirat(fd, name, 0o755); err {
		case nil:
			t.made++
			if err := unix.Fchmodat(fd, name, 0o755, 0); err != nil { // the umask has no say
				return err
			}
		case unix.EEXIST: // a link or a file is found when it is entered
		default:
			return err
		}
	}
	return nil
}

// wayFault names what keeps a path from being walked.
func wayFault(err error) error {
	switch {
	case errors.Is(err, safepath.SymbolicLink), errors.Is(err, unix.ELOOP):
		return ErrThroughLink
	case errors.Is(err, unix.ENOTDIR):
		return ErrThroughFile
	}
	return err
}
