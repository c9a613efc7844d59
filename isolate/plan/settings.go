package plan

import (
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// freshProc says whether the settings of the jail's namespaces are written by a
// /proc that is made for it. In one that is shared, the host's, the files of all
// namespaces of one name are in one list, which each look goes through: with 500
// jails alive that took a tenth of a launch.
func (b *builder) freshProc() bool {
	return b.on(policy.LayerPidNS) && b.on(policy.LayerUserNS) && b.on(policy.LayerRootfs)
}

// settings bound what is counted for the jail's namespaces, once init is in all
// of them. The /proc for it covers the jail's own, and is taken away again.
func (b *builder) settings() {
	if !b.freshProc() {
		return
	}
	b.layer(policy.LayerUserNS)
	b.mount("a /proc for settings", b.CString("/proc"), "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "").
		Because("in a shared one each look goes through the files of all jails")
	b.counters()
	if b.layer(policy.LayerNetNS) {
		for _, c := range bounds {
			b.writeSoft("/proc/sys/net/"+c.name, c.value, c.why)
		}
	}
	b.layer(policy.LayerUserNS)
	b.Call("take the /proc for settings away", unix.SYS_UMOUNT2, b.CString("/proc"), unix.MNT_DETACH).
		Because("the jail's own shows its processes, and nothing else")
}

// counters bounds what is counted for each user namespace, but in the end for
// the user who made it: what one jail takes, all others and he himself lack.
// None of the files need be there.
func (b *builder) counters() {
	for _, c := range [...]struct{ name, value, why string }{
		{"max_user_namespaces", "0\n", "a second wall beside the filter's"},
		{"max_inotify_instances", "16", "the caller has 128 in all"},
	} {
		b.writeSoft("/proc/sys/user/"+c.name, c.value, c.why)
	}
}
