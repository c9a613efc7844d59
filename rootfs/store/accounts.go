package store

import (
	"unicode/utf8"

	"github.com/jailrun/jail/rootfs"
	"golang.org/x/sys/unix"
)

const (
	mostAccounts = 1 << 20  // bounds a file of users, in bytes
	mostRecorded = 64 << 10 // of both: a launch reads the whole record
)

// Accounts are the files that name the image's users; those that it lacks are "", as are
// such that no program could rely upon: links, what is no file, more than a MiB. They are
// of its record: to look for them in each of 40 layers would cost a launch more than to
// read it. The error is the kernel's.
func (i *Image) Accounts() (rootfs.Accounts, error) {
	if i.accounts != nil {
		return *i.accounts, nil
	}
	return ReadAccounts(i.Stack())
}

// ReadAccounts reads them from the layers.
func ReadAccounts(image rootfs.Stack) (a rootfs.Accounts, err error) {
	etc, err := image.FolderIn("etc")
	if err != nil {
		return a, unlessLacking(err)
	}
	defer etc.Close()
	if a.Passwd, err = readAccounts(etc, "passwd"); err == nil {
		a.Group, err = readAccounts(etc, "group")
	}
	return a, err
}

func readAccounts(etc *rootfs.Folder, name string) (string, error) {
	b, err := etc.ReadFile(name, mostAccounts)
	return string(b), unlessLacking(err)
}

// unlessLacking leaves out what says that an image has no such file.
func unlessLacking(err error) error {
	switch err {
	case unix.ENOENT, unix.ENOTDIR, unix.ELOOP, unix.EINVAL, unix.ENXIO, unix.EFBIG, unix.EACCES:
		return nil
	}
	return err
}

// recorded is what a record has of them: nil of such as are too many, or can't be written
// in JSON as they are.
func recorded(a rootfs.Accounts) *rootfs.Accounts {
	if len(a.Passwd)+len(a.Group) > mostRecorded || !utf8.ValidString(a.Passwd) || !utf8.ValidString(a.Group) {
		return nil
	}
	return &a
}
