package rootfs

import (
	"errors"
	"io"
	"os"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// Folder is a folder of an overlay's lower layers, held open: what each layer has of it,
// the topmost first. Names are looked up in it one at a time, so that nothing that is
// renamed meanwhile leads elsewhere.
type Folder struct{ layers []*os.File }

// FolderOf is a folder of which one layer has all; it is closed with the Folder.
func FolderOf(dir *os.File) *Folder { return &Folder{[]*os.File{dir}} }

// Folder opens the root of the overlay; no layers are an empty one.
func (s Stack) Folder() (*Folder, error) {
	f := &Folder{}
	for _, layer := range s {
		dir, err := os.OpenFile(layer, os.O_RDONLY|unix.O_DIRECTORY, 0) // #nosec G304 -- a layer of the store's
		if err != nil {
			f.Close()
			return nil, err
		}
		f.layers = append(f.layers, dir)
	}
	return f, nil
}

// Close gives the folders back.
func (f *Folder) Close() {
	for _, l := range f.layers {
		l.Close()
	}
}

// Top is the topmost layer's folder.
func (f *Folder) Top() *os.File { return f.layers[0] }

// Lstat looks at a name.
func (f *Folder) Lstat(name string) (st unix.Stat_t, err error) {
	err = f.find(name, func(dirfd int, found *unix.Stat_t) error {
		st = *found
		return nil
	})
	return st, err
}

// Open opens a name that is a regular file for reading; what is no file is EINVAL.
func (f *Folder) Open(name string) (file *os.File, err error) {
	err = f.find(name, func(dirfd int, _ *unix.Stat_t) error {
		file, err = openRegular(dirfd, name)
		return err
	})
	return file, err
}

// ReadFile reads a regular file of at most so many bytes; a larger one is EFBIG.
func (f *Folder) ReadFile(name string, most int64) ([]byte, error) {
	file, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(data)) > most {
		return nil, unix.EFBIG
	}
	return data, err
}

// Readlink reads a name that is a link.
func (f *Folder) Readlink(name string) (target string, err error) {
	err = f.find(name, func(dirfd int, _ *unix.Stat_t) error {
		target, err = ReadlinkAt(dirfd, name)
		return err
	})
	return target, err
}

// find calls look with the topmost layer's folder that has the name.
func (f *Folder) find(name string, look func(dirfd int, st *unix.Stat_t) error) error {
	for _, l := range f.layers {
		var st unix.Stat_t
		err := unix.Fstatat(int(l.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW)
		if err == unix.ENOENT {
			continue
		}
		if err == nil && IsWhiteout(&st) {
			err = unix.ENOENT
		}
		if err != nil {
			return err
		}
		return look(int(l.Fd()), &st)
	}
	return unix.ENOENT
}

// Folder opens a name that is a folder. It enters no other mount: no overlay shows what
// is mounted on its layers. That is safepath.OtherMount; what is no folder is ENOTDIR.
func (f *Folder) Folder(name string) (*Folder, error) {
	return merge(len(f.layers), func(n int) (*os.File, error) { return openIn(f.layers[n], name) })
}

// FolderIn opens a folder that is a name in the root of the overlay. It asks each layer
// once, and nothing of those that lack it: a launch waits for this.
func (s Stack) FolderIn(name string) (*Folder, error) {
	return merge(len(s), func(n int) (*os.File, error) {
		path := s[n] + "/" + name
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != nil {
			return nil, err
		}
		return os.NewFile(uintptr(fd), path), nil
	})
}

// merge makes a folder of what n layers have of it, the topmost first. open gives ENOENT
// for one that has nothing, and ENOTDIR for one that has something else.
func merge(n int, open func(int) (*os.File, error)) (*Folder, error) {
	f := &Folder{}
	for i := range n {
		dir, err := open(i)
		if err == unix.ENOTDIR && len(f.layers) > 0 {
			break // a file, or a whiteout, which no folder of a layer further down shines through
		}
		if err == unix.ENOENT {
			continue
		}
		if err != nil {
			f.Close()
			return nil, err
		}
		f.layers = append(f.layers, dir)
		if IsOpaque(int(dir.Fd())) {
			break
		}
	}
	if len(f.layers) == 0 {
		return nil, unix.ENOENT
	}
	return f, nil
}

func openIn(dir *os.File, name string) (*os.File, error) {
	f, err := safepath.BeneathMount(int(dir.Fd()), name, unix.O_RDONLY|unix.O_DIRECTORY)
	switch {
	case errors.Is(err, unix.ENOENT):
		return nil, unix.ENOENT
	case errors.Is(err, unix.ENOTDIR), errors.Is(err, safepath.SymbolicLink):
		return nil, unix.ENOTDIR
	}
	return f, err
}

// Names gives each name that a layer has, one that is taken away too, as long as take
// wants more.
func (f *Folder) Names(take func(name string) error) error {
	for _, l := range f.layers {
		if err := Names(l, take); err != nil {
			return err
		}
	}
	return nil
}

// Names gives each name of a folder that was just opened, as long as take wants more:
// its error ends it. No more than a piece of them is held, however many there are.
func Names(dir *os.File, take func(name string) error) error {
	const piece = 1024
	for {
		names, err := dir.Readdirnames(piece)
		for _, name := range names {
			if err := take(name); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
