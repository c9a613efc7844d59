package store

import "github.com/jailrun/jail/rootfs"

const (
	mostAccounts = 1 << 20  // bounds a file of users, in bytes
	mostRecorded = 64 << 10 // of both: a launch reads the whole record
)

// Accounts are the files that name the image's users; those that it lacks are "", as are
// such that no program could rely upon. They are of its record: to look for them in each
// of 40 layers would cost a launch more than to read it.
func (i *Image) Accounts() rootfs.Accounts {
	if i.accounts != nil {
		return *i.accounts
	}
	return ReadAccounts(i.Stack())
}

// ReadAccounts reads them from the layers.
func ReadAccounts(image rootfs.Stack) (a rootfs.Accounts) {
	etc, err := image.FolderIn("etc")
	if err != nil {
		return a
	}
	defer etc.Close()
	read := func(name string) string {
		b, err := etc.ReadFile(name, mostAccounts)
		if err != nil {
			return ""
		}
		return string(b)
	}
	return rootfs.Accounts{Passwd: read("passwd"), Group: read("group")}
}

// recorded is what a record has of them: nil of such as are too many.
func recorded(a rootfs.Accounts) *rootfs.Accounts {
	if len(a.Passwd)+len(a.Group) > mostRecorded {
		return nil
	}
	return &a
}
