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

// Measure sums up what a state that is a folder takes, until that is more than it may.
// The program may be at work in it. A context that has ended ends it early.
func (s *State) Measure(ctx context.Context) (bytes, files int64) {
	u := &use{enough: func(u *use) bool { return u.bytes > s.Bytes || u.files > s.Files() || ctx.Err() != nil }}
	u.folder(int(s.root.Fd()), ".", mostMeasured)
	return u.bytes, u.files
}

// Used is how much a state takes of the host's disk, in bytes.
func Used(store, name string) (int64, error) {
	dir, err := os.OpenFile(Dir(store), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return 0, err
	}
	defer dir.Close()
	u := &use{enough: func(*use) bool { return false }}
	u.folder(int(dir.Fd()), name, mostMeasured)
	return u.bytes, nil
}

// mostMeasured bounds the folders within folders that are looked into; each takes a
// descriptor. What is deeper can't be counted, and counts as more than may be.
const mostMeasured = 200

// use is what files take of a disk. Every folder is opened by its name alone, in one that
// is held open.
type use struct {
	bytes, files int64
	enough       func(*use) bool
}

func (u *use) folder(at int, name string, depth int) {
	if depth == 0 {
		u.files = math.MaxInt64 / 2
		return
	}
	f, err := safepath.OpenFolder(at, name, 0o500) // also one that it has closed: it hides nothing by that
	if err != nil {
		return // it is gone
	}
	defer f.Close()
	for {
		names, err := f.Readdirnames(1024)
		for _, name := range names {
			if u.name(int(f.Fd()), name, depth); u.enough(u) {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (u *use) name(at int, name string, depth int) {
	var st unix.Stat_t
	if unix.Fstatat(at, name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
		return
	}
	u.bytes += st.Blocks * 512
	u.files++
	if st.Mode&unix.S_IFMT == unix.S_IFDIR && !u.enough(u) {
		u.folder(at, name, depth-1)
	}
}
