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
		if used := treeBytes(s.Path(), s.Bytes); used > s.Bytes {
			r.end(result.CauseDisk)
			return
		}
		r.at(max(stateEvery, statePause*time.Since(begun)), look)
	}
	r.at(stateEvery, look)
}

// treeBytes sums up what a tree takes on its disk, until that is more than most.
func treeBytes(dir string, most int64) (bytes int64) {
	_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		var st unix.Stat_t
		if unix.Lstat(path, &st) == nil {
			bytes += st.Blocks * 512
		}
		if bytes > most {
			return fs.SkipAll
		}
		if err != nil {
			return fs.SkipDir // it is gone, or closed: what is in it is counted when it is open
		}
		return nil
	})
	return bytes
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
	return &result.Space{Blocks: int64(st.Blocks), BlocksFree: max(int64(st.Bavail)-ext4Slack, 0), Inodes: int64(st.Files), InodesFree: int64(st.Ffree)}
}

// ext4Slack are blocks that may be free when a write has found none: ext4 wants room
// for all of a large folio at once, of a MiB and its bookkeeping (Linux 6.18).
const ext4Slack = 260

// roomOf reckons the room of a state that is a folder, in blocks as file systems have.
func roomOf(s *state.State) *result.Space {
	const block = 4096
	return &result.Space{Blocks: s.Bytes / block, BlocksFree: max(s.Bytes-treeBytes(s.Path(), s.Bytes), 0) / block}
}
