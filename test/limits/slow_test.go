package limits

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// request is how long a request to the slow file takes: much longer than the
// processor needs for it, so that the device is what programs wait for on a busy
// machine too.
const request = 2 * time.Millisecond

// slow is the only file of a file system in user space, as slow as a disk.
type slow struct {
	fs.Inode
	image *os.File
	size  uint64
}

var (
	_ fs.NodeGetattrer = (*slow)(nil)
	_ fs.NodeOpener    = (*slow)(nil)
	_ fs.NodeReader    = (*slow)(nil)
	_ fs.NodeWriter    = (*slow)(nil)
	_ fs.NodeFsyncer   = (*slow)(nil)
)

func (s *slow) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	out.Mode, out.Size = 0o600, s.size
	return 0
}

func (s *slow) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_DIRECT_IO, 0
}

func (s *slow) Read(_ context.Context, _ fs.FileHandle, b []byte, at int64) (fuse.ReadResult, syscall.Errno) {
	time.Sleep(request)
	n, err := s.image.ReadAt(b, at)
	if n == 0 && err != nil {
		return nil, fs.ToErrno(err)
	}
	return fuse.ReadResultData(b[:n]), 0
}

func (s *slow) Write(_ context.Context, _ fs.FileHandle, b []byte, at int64) (uint32, syscall.Errno) {
	time.Sleep(request)
	n, err := s.image.WriteAt(b, at)
	return uint32(n), fs.ToErrno(err)
}

func (s *slow) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno { return 0 }

// slowly shows a file as one that is slow.
func slowly(t *testing.T, image string) string {
	t.Helper()
	f, err := os.OpenFile(image, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	at, root := t.TempDir(), &fs.Inode{}
	server, err := fs.Mount(at, root, &fs.Options{
		MountOptions: fuse.MountOptions{DirectMountStrict: true, FsName: "slow"},
		OnAdd: func(ctx context.Context) {
			s := &slow{image: f, size: uint64(info.Size())}
			root.AddChild("disk", root.NewPersistentInode(ctx, s, fs.StableAttr{Mode: syscall.S_IFREG}), false)
		},
	})
	if err != nil {
		t.Skip("needs FUSE: ", err)
	}
	t.Cleanup(func() {
		if err := server.Unmount(); err != nil {
			t.Error(err)
		}
	})
	return filepath.Join(at, "disk")
}
