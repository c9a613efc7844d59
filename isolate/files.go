package isolate

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// File is a file of the caller's that a program sees read-only under /box. It
// is the open file that is shown, whatever becomes of its path.
type File struct {
	// Name is its name in /box, without a slash.
	Name string
	// File is a regular file, open for reading. It is shown from its start.
	File *os.File

	folder *os.File // in which it lies by the name of base, or nil
	base   string
}

// OpenFile opens a file to be shown by its base name. The name is looked for in
// the folder dir, and no link is followed, nor anything that leads out of dir:
// whoever else may write there can't make it mean another file. The path dir
// itself is the caller's word.
//
// The error is an *os.PathError about dir, or a safepath error about name,
// which wraps the kernel's errno.
func OpenFile(dir, name string) (File, error) {
	at := unix.AT_FDCWD
	if dir != "." {
		fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return File{}, &os.PathError{Op: "open", Path: dir, Err: err}
		}
		defer unix.Close(fd)
		at = fd
	}
	f, err := safepath.Beneath(at, name, unix.O_RDONLY)
	if err != nil {
		return File{}, err
	}
	base := path.Base(path.Clean(name))
	return File{Name: base, File: f, base: base, folder: folderOf(at, name, base, f)}, nil
}

// folderOf opens the folder of a file that is too large to be copied, or gives
// nil: it may have been moved since it was opened, and is copied then.
func folderOf(at int, name, base string, f *os.File) *os.File {
	var st, in unix.Stat_t
	if unix.Fstat(int(f.Fd()), &st) != nil || st.Size <= copyAtMost {
		return nil
	}
	d, err := safepath.Beneath(at, path.Dir(name), unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return nil
	}
	if unix.Fstatat(int(d.Fd()), base, &in, unix.AT_SYMLINK_NOFOLLOW) != nil || in.Dev != st.Dev || in.Ino != st.Ino {
		d.Close()
		return nil
	}
	return d
}

// Close closes what OpenFile opened. A Cmd does so itself.
func (f *File) Close() error {
	if f.folder != nil {
		f.folder.Close()
	}
	return f.File.Close()
}

// Show opens files of the folder dir, as OpenFile does, and adds them to Files.
// After an error it has added none.
func (c *Cmd) Show(dir string, names ...string) error {
	before := len(c.Files)
	for _, name := range names {
		f, err := OpenFile(dir, name)
		if err != nil {
			added := c.Files[before:]
			c.Files = c.Files[:before]
			closeAllFiles(added)
			return &LaunchError{Op: "show " + name, Index: -1, Layer: policy.LayerRootfs, Err: err}
		}
		c.Files = append(c.Files, f)
	}
	return nil
}

func (c *Cmd) closeFiles() {
	closeAllFiles(c.Files)
	c.Files = nil
}

func closeAllFiles(files []File) {
	for i := range files {
		if files[i].File != nil {
			files[i].Close()
		}
	}
}

// mostNamedBytes bounds the files of one command, in bytes: a copy of each may
// be made in memory that is counted as nobody's.
const mostNamedBytes = 256 << 20

var (
	errNotRegular = errors.New("not a regular file")
	errBadName    = errors.New("not a single name")
	errTwice      = errors.New("two files of one name")
	errNamedLarge = errors.New("too large to be copied into /box")
)

// named gets the files of the command line ready.
func (r *finder) named(files []File) ([]plan.Named, error) {
	list := make([]plan.Named, 0, len(files))
	var bytes int64
	for i := range files {
		f := &files[i]
		if err := checkName(f.Name, list); err != nil {
			return nil, err
		}
		fd, st, err := rewound(f)
		if err != nil {
			return nil, namedError(f.Name, err, "")
		}
		if st.Mode&unix.S_IFMT != unix.S_IFREG {
			return nil, namedError(f.Name, errNotRegular, "show a folder with --ro")
		}
		if bytes += st.Size; st.Size > mostNamedBytes || bytes > mostNamedBytes {
			return nil, namedError(f.Name, errNamedLarge, "show its folder with --ro")
		}
		n := plan.Named{Name: f.Name, Fd: fd, Mode: execMode(st.Mode), Size: st.Size, Folder: -1}
		if st.Size > copyAtMost && f.folder != nil && f.base == f.Name && r.everybodys(st) {
			n.Folder = r.folder(int(f.folder.Fd()))
		}
		list = append(list, n)
	}
	return list, nil
}

func namedError(name string, err error, hint string) error {
	return &LaunchError{Op: "show " + name, Index: -1, Layer: policy.LayerRootfs, Err: err, Hint: hint}
}

// checkName keeps a name from being a path, and from being there twice.
func checkName(name string, list []plan.Named) error {
	if !filepath.IsLocal(name) || name == "." || strings.ContainsAny(name, "/\x00") {
		return namedError(name, errBadName, "give it one without a slash")
	}
	for i := range list {
		if list[i].Name == name {
			return namedError(name, errTwice, "show their folders with --ro")
		}
	}
	return nil
}

// rewound gives the descriptor of a file that is to be copied from its start.
func rewound(f *File) (int, *unix.Stat_t, error) {
	if f.File == nil {
		return -1, nil, os.ErrInvalid
	}
	fd, st := int(f.File.Fd()), new(unix.Stat_t)
	if err := unix.Fstat(fd, st); err != nil {
		return -1, nil, &os.PathError{Op: "stat", Path: f.File.Name(), Err: err}
	}
	if st.Mode&unix.S_IFMT == unix.S_IFREG {
		if _, err := unix.Seek(fd, 0, 0); err != nil {
			return -1, nil, &os.PathError{Op: "seek", Path: f.File.Name(), Err: err}
		}
	}
	return fd, st, nil
}

// copyAtMost is up to which size, in bytes, a copy is cheaper than an overlay.
const copyAtMost = 64 << 10

// everybodys says whether the jail's user may read a file, and execute it if
// its owner may: an overlay keeps the permissions.
func (r *finder) everybodys(st *unix.Stat_t) bool {
	if !r.facts.Has(policy.LayerRootfs) || !r.facts.Kernel.AtLeast(5, 11) {
		return false
	}
	return !r.facts.Root || r.facts.Admin && st.Mode&0o004 != 0 && (st.Mode&0o100 == 0 || st.Mode&0o001 != 0)
}

// folder takes the folder of a named file, once, and gives its index, or -1: it
// is copied then. As root it is the very folder that is taken; an ordinary
// user's tape opens its path, with the rights of that user.
func (r *finder) folder(fd int) int {
	real, err := realPath(fd)
	if err != nil {
		return -1
	}
	for i := range r.folders {
		if r.folders[i].Path == real {
			return i
		}
	}
	f := plan.Folder{Path: real, Fd: -1}
	if r.facts.Root {
		if f.Fd, err = r.detach(fd); err != nil {
			return -1
		}
	}
	r.folders = append(r.folders, f)
	return len(r.folders) - 1
}

// detach takes a detached copy of the tree at a descriptor, open_tree(2).
func (r *finder) detach(fd int) (int, error) {
	tree, err := unix.OpenTree(fd, "", unix.AT_EMPTY_PATH|unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	if err == nil {
		r.fds = append(r.fds, tree)
	}
	return tree, err
}

// realPath is where a descriptor's file is now, with no link on the way.
func realPath(fd int) (string, error) {
	p, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
	if err == nil && !strings.HasPrefix(p, "/") { // "(unreachable)…": proc_pid_cwd(5)
		err = &os.PathError{Op: "readlink", Path: p, Err: unix.ENOENT}
	}
	return p, err
}

// execMode lets everybody in the jail execute what its owner may execute.
func execMode(mode uint32) uint32 {
	if mode&0o100 != 0 {
		return 0o555
	}
	return 0o444
}
