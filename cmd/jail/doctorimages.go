package main

import (
	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/rootfs/disk"
	"golang.org/x/sys/unix"
)

// images says whether a jail can see an image, or change a copy of what it sees.
func images(f *host.Facts) finding {
	r := finding{"images and copies", fine, "overlays of a jail's own", ""}
	switch {
	case !f.Kernel.AtLeast(5, 12):
		r.Mark, r.Value, r.Mend = note, "none", "--image, --state, --writable-root and --cow need Linux 5.12"
	case !f.Kernel.AtLeast(6, 6):
		r.Mark, r.Value, r.Mend = note, "overlays, in memory without attributes", "without --state a folder that was removed can't be made again before Linux 6.6"
	}
	return r
}

// states says whether root's can be had.
func states() finding {
	switch {
	case disk.Maker() == "":
		return finding{"states", note, "mkfs.ext4 is missing", "apt-get install e2fsprogs, for --state"}
	case unix.Access("/dev/loop-control", unix.F_OK) != nil:
		return finding{"states", note, "no loop devices (/dev/loop-control)", "modprobe loop, for --state; in a container its engine has to give them"}
	}
	return finding{"states", fine, "file systems of their own", ""}
}
