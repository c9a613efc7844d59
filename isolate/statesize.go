package isolate

import (
	"context"
	"os"
	"strconv"
	"sync"
	"time"

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
// file system of its own bounds it, as it does root's. It is measured beside the loop,
// whose deadlines would be late by as long as that takes.
func (r *run) watchState() {
	s := r.layers.state
	if s == nil || s.Mounted() {
		return
	}
	ctx, stop := context.WithCancel(r.cmd.ctx)
	var busy sync.WaitGroup
	r.layers.unwatch = func() { stop(); busy.Wait() }
	pid := r.initPID
	var next *watch.Timer
	next = r.at(stateEvery, func() {
		busy.Go(func() {
			begun := time.Now()
			bytes, files := s.Measure(ctx)
			bytes += unlinked(pid)
			took := time.Since(begun)
			r.loop.Post(func() {
				if bytes > s.Bytes || files > s.Files() {
					r.layers.full = room(s, bytes, files) // the kill may give back what has no name
					r.end(result.CauseDisk)
					return
				}
				next.Reset(time.Now().Add(min(max(stateEvery, statePause*took), stateMost)))
			})
		})
	})
}

// unwatchState has the state be measured no more.
func (r *run) unwatchState() {
	if r.layers.unwatch != nil {
		r.layers.unwatch()
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
	case r.layers.full != nil:
		return r.layers.full
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

// roomOf reckons the room of a state that is a folder.
func roomOf(s *state.State) *result.Space {
	bytes, files := s.Measure(context.Background())
	return room(s, bytes, files)
}

// room is what a state has left, in blocks as file systems have.
func room(s *state.State, bytes, files int64) *result.Space {
	const block = 4096
	return &result.Space{
		Blocks: s.Bytes / block, BlocksFree: max(s.Bytes-bytes, 0) / block,
		Inodes: s.Files(), InodesFree: max(s.Files()-files, 0),
	}
}
