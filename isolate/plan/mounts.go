package plan

import (
	"github.com/jailrun/jail/isolate/tape"
	"golang.org/x/sys/unix"
)

// A root that is an overlay is proved by the line about it in the program's own
// proc_pid_mountinfo(5), of which statfs(2) says but that it is one. Where in that file
// the line stands depends on the kernel: from Linux 6.8 on, mounts are listed in the order
// in which they were made, and what is shown of the host was taken first.
const (
	mountsChunk = 4096 // as much as the kernel gives at once, seq_file
	mostChunks  = 14
)

// mountChunks says how the file is read: by so many calls, of so many bytes each.
func (in *Input) mountChunks() (n, size int) {
	const others = 1024 // the rest of the root's line, and those that stand before it
	room, more := in.Layers[in.RootLayers()].namesSize()+others, 0
	for i := range in.Sources {
		if s := &in.Sources[i]; s.Dir { // mounts of the host's may lie below it, however many
			return mostChunks, mountsChunk
		}
		more += lineSize(len(in.Policy.Files[i].Source) + len(in.Policy.Files[i].Target))
	}
	for i := range in.Named {
		more += lineSize(len(in.Named[i].Name))
	}
	if more == 0 {
		return 1, (room + 7) &^ 7
	}
	const least = 3072 // that a call gives where there is more
	return min(1+(room+more)/least, mostChunks), mountsChunk
}

// lineSize bounds the line of a mount whose paths have so many bytes, each of which may be
// escaped. The path on the host can be longer by what its links lead to.
func lineSize(paths int) int {
	const rest = 1024
	return 4*paths + rest
}

// MountsSize is how many bytes of the mounts the read-back has at most.
func (in *Input) MountsSize() int {
	if !in.Rooted() {
		return 0
	}
	n, size := in.mountChunks()
	return n * size
}

// ownMounts has the program's own mounts told.
func (b *builder) ownMounts() {
	if !b.in.Rooted() {
		return
	}
	n, size := b.in.mountChunks()
	fd, none := b.Var(8), b.NewLabel()
	mounts := b.Var(n * size)
	b.mountParts = b.Var(16 * (n + 1))
	b.SetVar(b.mountParts, uint64(b.seen), uint64(SeenSize))
	for i := range n {
		b.SetVar(b.mountPart(i), uint64(mounts)+uint64(i*size), uint64(size))
	}
	b.Call("open its mounts", unix.SYS_OPENAT, atFdcwd, b.CString("/proc/self/mountinfo"), unix.O_RDONLY|unix.O_CLOEXEC, 0).Into(fd).Or(none)
	for i := range n {
		b.Call("read back the root's layers", unix.SYS_READ, uint64(fd), uint64(mounts)+uint64(i*size), uint64(size)).Loading(0).
			Into(b.mountPart(i) + 8) // as many as came are sent
	}
	b.Call("close its mounts", unix.SYS_CLOSE, uint64(fd)).Loading(0)
	b.Here(none)
}

// mountPart is the struct iovec of a chunk; the read-back's own comes first.
func (b *builder) mountPart(i int) tape.Addr { return b.mountParts + tape.Addr(16*(i+1)) }

// seenParts are the pieces of the message: an array of struct iovec.
func (b *builder) seenParts() (iov, n uint64) {
	if !b.in.Rooted() {
		return b.Words(uint64(b.seen), uint64(SeenSize)), 1
	}
	chunks, _ := b.in.mountChunks()
	return uint64(b.mountParts), uint64(chunks) + 1
}
