package rootfs

// DevKind is how an entry of the minimal /dev is made.
type DevKind uint8

// The kinds of DevEntry.
const (
	DevNode   DevKind = iota // the host's character device, bound: mknod is not permitted in a user namespace
	DevLink                  // a symbolic link
	DevFolder                // a folder, or a mount point
)

// DevEntry is one name in the minimal /dev.
type DevEntry struct {
	Name         string // below /dev
	Kind         DevKind
	Target       string // of a DevLink
	Major, Minor uint32 // of a DevNode, to prove that the host's node is what its name says (kernel, admin-guide/devices.txt)
	Mode         uint32 // of a DevFolder
	Why          string
}

// Dev gives the minimal /dev, in the order in which it is made. No console,
// kmsg, fuse, kvm, or disk.
func Dev() []DevEntry { return append([]DevEntry(nil), dev[:]...) }

var dev = [...]DevEntry{
	{Name: "null", Kind: DevNode, Major: 1, Minor: 3, Why: "swallows output"},
	{Name: "zero", Kind: DevNode, Major: 1, Minor: 5, Why: "zero bytes, and private mappings of them"},
	{Name: "full", Kind: DevNode, Major: 1, Minor: 7, Why: "tests of a full disk"},
	{Name: "random", Kind: DevNode, Major: 1, Minor: 8, Why: "randomness"},
	{Name: "urandom", Kind: DevNode, Major: 1, Minor: 9, Why: "randomness"},
	{Name: "tty", Kind: DevNode, Major: 5, Minor: 0, Why: "the controlling terminal, if there is one"},
	{Name: "pts", Kind: DevFolder, Mode: 0o755, Why: "mount point of an own devpts"},
	{Name: "shm", Kind: DevFolder, Mode: 0o1777, Why: "shm_open(3), under the disk quota"},
	{Name: "ptmx", Kind: DevLink, Target: "pts/ptmx", Why: "openpty(3) in the own devpts (kernel, filesystems/devpts)"},
	{Name: "fd", Kind: DevLink, Target: "/proc/self/fd", Why: "bash's <(command)"},
	{Name: "stdin", Kind: DevLink, Target: "/proc/self/fd/0", Why: "programs that take a file's name only"},
	{Name: "stdout", Kind: DevLink, Target: "/proc/self/fd/1", Why: "programs that take a file's name only"},
	{Name: "stderr", Kind: DevLink, Target: "/proc/self/fd/2", Why: "programs that take a file's name only"},
}
