package isolate

import (
	"math"
	"os"
	"strconv"
	"time"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/isolate/watch"
	"github.com/jailrun/jail/rootfs/state"
	"golang.org/x/sys/unix"
)

// How often an ordinary user's state is measured: each time takes as long as it has
// files, so that it is waited for a hundred times as long, half a second at least, and four
// at most.
const (
	stateEvery = 500 * time.Millisecond
	statePause = 100
	stateMost  = 4 * time.Second
)

// watchState ends the jail when an ordinary user's state holds more than it may: no
// file system of its own bounds it, as it does root's.
func (r *run) watchState() {
	s := r.layers.state
	if s == nil || s.Mounted() {
		return
	}
	var next *watch.Timer
	next = r.at(stateEvery, func() {
		begun := time.Now()
		if u := measure(s); u.bytes+unlinked(r.initPID) > s.Bytes || u.files > filesOf(s) {
			r.end(result.CauseDisk)
			return
		}
		next.Reset(time.Now().Add(min(max(stateEvery, statePause*time.Since(begun)), stateMost)))
	})
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
// The program may be at work in it: every folder is opened by its name alone, in one
// that is held open.
func measure(s *state.State) use {
	u := &use{}
	u.folder(int(s.Root().Fd()), ".", mostDepth, func() bool { return u.bytes > s.Bytes || u.files > filesOf(s) })
	return *u
}

// mostDepth bounds the folders within folders that are looked into; each takes a
// descriptor. What is deeper can't be counted, and counts as more than may be.
const mostDepth = 200

func (u *use) folder(at int, name string, depth int, enough func() bool) {
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
			var st unix.Stat_t
			if unix.Fstatat(int(f.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
				continue
			}
			u.bytes += st.Blocks * 512
			u.files++
			if enough() {
				return
			}
			if st.Mode&unix.S_IFMT == unix.S_IFDIR {
				u.folder(int(f.Fd()), name, depth-1, enough)
			}
		}
		if err != nil {
			return
		}
	}
}

// unlinked sums up the files of overlays that have no name any more, and that processes
// below a pid hold open: they take room, and no folder has them.
func unlinked(pid int) (bytes int64) {
	pids, err := descendants(pid)
	if err != nil {
		return 0 // it is over
	}
	type file struct{ dev, ino uint64 }
	counted := map[file]bool{}
	for _, pid := range pids {
		dir := "/proc/" + strconv.Itoa(pid) + "/fd/"
		fds, err := os.ReadDir(dir)
		if err != nil {
			continue // it has ended, or is not the program's
		}
		for _, fd := range fds {
			var st unix.Stat_t
			var at unix.Statfs_t
			path := dir + fd.Name()
			if unix.Stat(path, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG || st.Nlink != 0 || counted[file{st.Dev, st.Ino}] {
				continue
			}
			counted[file{st.Dev, st.Ino}] = true
			if unix.Statfs(path, &at) == nil && at.Type == unix.OVERLAYFS_SUPER_MAGIC {
				bytes += st.Blocks * 512
			}
		}
	}
	return bytes
}

// writeState waits until all that was changed is on the disk, or it is said that it is
// not.
func (r *run) writeState() {
	if r.layers.state == nil {
		return
	}
	if r.unwritten = r.layers.state.Written(); r.unwritten != nil {
		r.lostFiles = append(r.lostFiles, r.unwritten)
	}
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
	u := measure(s)
	return &result.Space{
		Blocks: s.Bytes / block, BlocksFree: max(s.Bytes-u.bytes, 0) / block,
		Inodes: filesOf(s), InodesFree: max(filesOf(s)-u.files, 0),
	}
}
