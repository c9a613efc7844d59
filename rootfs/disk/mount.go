package disk

import (
	"context"
	"errors"
	"os"
	"strconv"
	"time"

	"github.com/jailrun/jail/internal/filelock"
	"golang.org/x/sys/unix"
)

// patience is how long a disk is waited for that was in use a moment ago: the kernel
// takes a dead jail's mounts down by and by.
const patience = 2 * time.Second

// Mount mounts the file system in a file, attached to no folder: the descriptor is of
// its root. It is mounted for as long as that, or a mount that was made of it, is
// held by anybody.
//
// A disk has one user at a time: the kernel holds the file's lock together with the
// loop device. The file was opened for reading and writing, by nobody else. The error
// wraps ErrInUse if another has it.
func Mount(ctx context.Context, f *os.File) (*os.File, error) {
	path := f.Name()
	if err := filelock.Lock(ctx, f, unix.LOCK_EX, patience); err != nil {
		if errors.Is(err, filelock.ErrBusy) {
			err = ErrInUse
		}
		return nil, &Error{Op: "mount", Object: path, Err: err, Hint: "another jail has it; wait for its end"}
	}
	dev, err := attach(f)
	if err != nil {
		return nil, &Error{Op: "attach", Object: path, Err: err, Hint: "it takes a free loop device, /dev/loop-control and CAP_SYS_ADMIN"}
	}
	defer dev.Close() // the mount holds it, and with the mount it goes: LO_FLAGS_AUTOCLEAR
	root, err := mount(dev)
	if err != nil {
		return nil, &Error{Op: "mount", Object: path, Err: err}
	}
	return root, nil
}

// attach makes a loop device of a file, loop(4).
func attach(f *os.File) (*os.File, error) {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer control.Close()
	const attempts = 64 // each is lost to another who took the device first
	for range attempts {
		n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, os.NewSyscallError("LOOP_CTL_GET_FREE", err)
		}
		dev, err := os.OpenFile("/dev/loop"+strconv.Itoa(n), os.O_RDWR|unix.O_NOFOLLOW, 0) // #nosec G304 -- the kernel's own name
		if err != nil {
			return nil, err
		}
		c := unix.LoopConfig{Fd: uint32(f.Fd())} // #nosec G115 -- a descriptor
		c.Info.Flags = unix.LO_FLAGS_AUTOCLEAR
		copy(c.Info.File_name[:], "jail")
		err = unix.IoctlLoopConfigure(int(dev.Fd()), &c)
		if err == nil {
			return dev, nil
		}
		dev.Close()
		if err != unix.EBUSY {
			return nil, os.NewSyscallError("LOOP_CONFIGURE", err)
		}
	}
	return nil, unix.EBUSY
}

// mount makes a mount that is attached nowhere, fsopen(2).
func mount(dev *os.File) (*os.File, error) {
	fs, err := unix.Fsopen("ext4", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("fsopen", err)
	}
	defer unix.Close(fs)
	for _, o := range [...][2]string{{"source", dev.Name()}, {"errors", "remount-ro"}} {
		if err := unix.FsconfigSetString(fs, o[0], o[1]); err != nil {
			return nil, os.NewSyscallError("fsconfig "+o[0], err)
		}
	}
	// Its tables are zeros in the file already, which would come to take room there; and
	// what is removed in it gives its room in the file back.
	for _, o := range [...]string{"noinit_itable", "discard"} {
		if err := unix.FsconfigSetFlag(fs, o); err != nil {
			return nil, os.NewSyscallError("fsconfig "+o, err)
		}
	}
	if err := unix.FsconfigCreate(fs); err != nil {
		return nil, os.NewSyscallError("fsconfig", err)
	}
	fd, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
	if err != nil {
		return nil, os.NewSyscallError("fsmount", err)
	}
	return os.NewFile(uintptr(fd), "disk"), nil
}
