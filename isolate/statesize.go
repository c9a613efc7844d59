package isolate

import (
	"io/fs"
	"path/filepath"
	"time"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/rootfs/state"
	"golang.org/x/sys/unix"
)

// How often an ordinary user's state is measured: each time takes as long as it has
// files, so that it is waited for a hundred times as long, and half a second at least.
const (
	stateEvery = 500 * time.Millisecond
	statePause = 100
)

// watchState ends the jail when an ordinary user's state holds more than it may: no
// file system of its own bounds it, as it does root's.
func (r *run) watchState() {
	s := r.layers.state
	if s == nil || s.Mounted() {
		return
	}
	var look func()
	look = func() {
		begun := time.Now()
		if u := measure(s); u.bytes > s.Bytes || u.files > filesOf(s) {
			r.end(result.CauseDisk)
			return
		}
		r.at(max(stateEvery, statePause*time.Since(begun)), look)
	}
	r.at(stateEvery, look)
}

// use is what a state has taken of its disk.
type use struct{ bytes, files int64 }

// filesOf is how many files and folders a state may have: as many as its size would
// have as a file system of its own, mke2fs(8). A file without content takes no bytes,
// and yet one of the host's inodes.
func filesOf(s *state.State) int64 {
	const ratio = 8192
	return s.Bytes / ratio
}

// measure sums up what a state that is a folder takes, until that is more than it may.
func measure(s *state.State) (u use) {
	_ = filepath.WalkDir(s.Path(), func(path string, _ fs.DirEntry, err error) error {
		var st unix.Stat_t
		if unix.Lstat(path, &st) == nil {
			u.bytes += st.Blocks * 512
			u.files++
		}
		if u.bytes > s.Bytes || u.files > filesOf(s) {
			return fs.SkipAll
		}
		if err != nil {
			return fs.SkipDir // it is gone, or closed: what is in it is counted when it is open
		}
		return nil
	})
	return u
}

// stateSpace is the room of a state, nil where there is none.
func (r *run) stateSpace() *result.Space {
	s := r.layers.state
	switch {
	case s == nil:
		return nil
	case !s.Mounted():
		return roomOf(s)
	}
	var st unix.Statfs_t
	if unix.Fstatfs(int(s.Root().Fd()), &st) != nil {
		return nil
	}
	// What ext4 keeps for its own use is free, and nobody's.
	return &result.Space{Blocks: int64(st.Blocks), BlocksFree: int64(st.Bavail), Inodes: int64(st.Files), InodesFree: int64(st.Ffree)}
}

// roomOf reckons the room of a state that is a folder, in blocks as file systems have.
func roomOf(s *state.State) *result.Space {
	const block = 4096
	u := measure(s)
	return &result.Space{
		Blocks: s.Bytes / block, BlocksFree: max(s.Bytes-u.bytes, 0) / block,
		Inodes: filesOf(s), InodesFree: max(filesOf(s)-u.files, 0),
	}
}
