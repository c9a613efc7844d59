package plan

import (
	"github.com/jailrun/jail/isolate/tape"
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

// openSettings makes that /proc below the staging directory, while the host's is
// in sight: a kernel that is asked for a whole one wants to see one that is whole
// (Linux 7.0), which the jail's own isn't. A container's may be covered in part;
// then none is given, and the container's own has to do.
func (b *builder) openSettings() {
	if !b.freshProc() {
		return
	}
	b.layer(policy.LayerUserNS)
	b.settingsD = b.Var(8)
	shared, made, done := b.NewLabel(), b.NewLabel(), b.NewLabel()
	b.mkdir(settingsName, 0o755)
	o := b.mount("proc", b.CString(settingsName), "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "").
		Because("in a shared one each look goes through the files of all jails")
	o.Step = "mount a /proc for settings"
	o.Neg, o.Zero, o.Pos = shared, made, made
	b.Here(shared)
	o = b.openFolder("/proc", b.settingsD).Because("what is written there is for the writer's namespaces too")
	o.Zero, o.Pos = done, done
	b.Here(made)
	b.openFolder(settingsName, b.settingsD)
	b.Here(done)
	b.layer(policy.LayerRootfs)
}

const settingsName = "s"

// settings bound what is counted for the jail's namespaces, once init is in all
// of them.
func (b *builder) settings() {
	if !b.freshProc() {
		return
	}
	b.layer(policy.LayerUserNS)
	b.counters(b.set)
	if b.layer(policy.LayerNetNS) {
		for _, c := range bounds {
			b.set("net/"+c.name, c.value, c.why)
		}
	}
	b.layer(policy.LayerUserNS)
	b.Call("let go of the /proc for settings", unix.SYS_CLOSE, uint64(b.settingsD)).Loading(0).
		Because("the jail's own shows its processes, and nothing else")
}

// counters bounds what is counted for each user namespace, but in the end for
// the user who made it: what one jail takes, all others and he himself lack.
// None of the files need be there.
func (b *builder) counters(set func(name, value, why string)) {
	for _, c := range [...]struct{ name, value, why string }{
		{"max_user_namespaces", "0\n", "a second wall beside the filter's"},
		{"max_inotify_instances", "16", "the caller has 128 in all"},
	} {
		set("user/"+c.name, c.value, c.why)
	}
}

// set writes a setting, why, if it can, by the /proc for settings.
func (b *builder) set(name, value, why string) { b.setIn(b.settingsD, "sys/"+name, value, why) }

// setShared does by the host's /proc.
func (b *builder) setShared(name, value, why string) {
	b.setIn(0, "/proc/sys/"+name, value, why)
}

// setIn leaves out what can't be opened; a path that is absolute needs no dir.
func (b *builder) setIn(dir tape.Addr, path, value, why string) {
	fd, next := b.Var(8), b.NewLabel()
	o := b.Call("open "+path, unix.SYS_OPENAT, atFdcwd, b.CString(path), unix.O_WRONLY|unix.O_CLOEXEC, 0).Into(fd).Because(why).Or(next)
	if dir != 0 {
		o.Args[0] = uint64(dir)
		o.Loading(0)
	}
	b.Call("write "+path, unix.SYS_WRITE, uint64(fd), b.CString(value), uint64(len(value))).Loading(0).Soft()
	b.Call("close "+path, unix.SYS_CLOSE, uint64(fd)).Loading(0)
	b.Here(next)
}
