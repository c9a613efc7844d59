package state

import (
	"context"
	"math"
	"os"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// Files is how many files and folders an ordinary user's state may have: as many as its
// size would have as a file system of its own, mke2fs(8). A file without content takes no
// bytes, and yet one of the host's inodes.
func (s *State) Files() int64 {
	const ratio = 8192
	return s.Bytes / ratio
}

// Measure sums up what a state that is a folder takes, until that is more than it may. The
// program may be at work in it, and close its folders again and again: what can't be
// looked at for that counts as more than may be. A context that has ended ends it early.
func (s *State) Measure(ctx context.Context) (bytes, files int64) {
	u := &use{rights: 0o500, tries: 16, enough: func(u *use) bool {
		return u.bytes > s.Bytes || u.files > s.Files() || ctx.Err() != nil
	}}
	u.folder(int(s.root.Fd()), ".", mostMeasured)
	return u.bytes, u.files
}

// Used is how much a state takes of the host's disk, in bytes. What a program has closed,
// and is using at that, is left out, as is what lies deeper than 200 folders.
func Used(store, name string) (int64, error) {
	dir, err := os.OpenFile(Dir(store), unix.O_PATH|unix.O_DIRECTORY, 0) // #nosec G304 -- the store's own
	if err != nil {
		return 0, err
	}
	defer dir.Close()
	u := &use{tries: 1, enough: func(*use) bool { return false }}
	if lock, err := open(int(dir.Fd()), name+"/"+lockFile, unix.O_RDWR); err == nil {
		defer lock.Close()
		if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil { // nobody uses it, or what it has closed
			u.rights = 0o500
		}
	}
	u.folder(int(dir.Fd()), name, mostMeasured)
	return u.bytes, nil
}

// mostMeasured bounds the folders within folders that are looked into; each takes a
// descriptor.
const mostMeasured = 200

// use is what files take of a disk. Every folder is opened by its name alone, in one that
// is held open.
type use struct {
	bytes, files int64

	rights uint32 // on folders that are closed; 0: those are left out
	tries  int    // at what is closed meanwhile
	enough func(*use) bool
}

// unknown counts what can't be looked at as more than may be.
func (u *use) unknown() { u.files = math.MaxInt64 / 2 }

func (u *use) folder(at int, name string, depth int) {
	if depth == 0 {
		u.unknown()
		return
	}
	f, err := u.open(at, name)
	if err == unix.EACCES {
		u.unknown()
	}
	if err != nil {
		return // it is gone
	}
	defer f.Close()
	for {
		names, err := f.Readdirnames(1024)
		for _, name := range names {
			if u.name(f, name, depth); u.enough(u) {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// open opens a folder, which may be closed between its opening and the change of its mode.
func (u *use) open(at int, name string) (f *safepath.Opened, err error) {
	for range u.tries {
		if f, err = safepath.OpenFolder(at, name, u.rights); err != unix.EACCES {
			break
		}
	}
	return f, err
}

func (u *use) name(in *safepath.Opened, name string, depth int) {
	st, err := u.look(in, name)
	if err == unix.EACCES {
		u.unknown()
	}
	if err != nil {
		return // it is gone
	}
	u.bytes += st.Blocks * 512
	u.files++
	if st.Mode&unix.S_IFMT == unix.S_IFDIR && !u.enough(u) {
		u.folder(int(in.Fd()), name, depth-1)
	}
}

// look asks for a name in a folder that may be closed meanwhile.
func (u *use) look(in *safepath.Opened, name string) (st unix.Stat_t, err error) {
	for i := range u.tries {
		if i > 0 {
			in.Raise()
		}
		if err = unix.Fstatat(int(in.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW); err != unix.EACCES {
			break
		}
	}
	return st, err
}
