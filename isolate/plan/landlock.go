package plan

import (
	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/rootfs"
	"golang.org/x/sys/unix"
)

// Access rights by what a rule is for, landlock(7). Each is cut to what the
// kernel's ABI handles.
const (
	llExec    = unix.LANDLOCK_ACCESS_FS_EXECUTE
	llRead    = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	llDevice  = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE
	llAll     = 1<<16 - 1
	llNoNodes = llAll &^ (unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK | llIoctl)
	llIoctl   = unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	// to connect to a socket that was made outside; inside, every one may be
	llSocket = unix.LANDLOCK_ACCESS_FS_RESOLVE_UNIX
	// what a rule on a file, not a folder, may grant
	llFile = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE | llIoctl | llSocket
)

// rule grants rights below a path. The path is opened by the target itself,
// inside: a rule opened on the host's folder never matches an overlay.
type rule struct {
	path   string
	rights uint64
	file   bool
}

// landlock is the second wall behind the mount namespace.
func (b *builder) landlock() {
	abi := b.in.Facts.Landlock
	if !b.layer(policy.LayerLandlock) || abi == 0 {
		return
	}
	fs, scoped := handled(abi)
	set, probe := b.Var(8), b.seen+SeenLandlock1
	b.Call("open Landlock's probe", unix.SYS_OPENAT, uint64(b.stagingD), b.CString(probeName), unix.O_RDONLY|unix.O_CLOEXEC).Loading(0).Into(probe).
		Because("it works now, and only Landlock will refuse it")
	attr, size := b.Words(fs, b.refusedNet(abi), scoped), rulesetSize(abi)
	b.Call("create a Landlock ruleset", unix.SYS_LANDLOCK_CREATE_RULESET, attr, size, 0).Into(set)
	rules := b.rules
	if !b.on(policy.LayerRootfs) {
		rules = b.hostRules
	}
	list := rules()
	for i := range list {
		if !covered(list, i, fs) {
			b.addRule(set, list[i], fs)
		}
	}
	b.Call("restrict itself by Landlock", unix.SYS_LANDLOCK_RESTRICT_SELF, uint64(set), b.logFlags()).Loading(0)
	b.Call("open Landlock's probe again", unix.SYS_OPENAT, uint64(b.stagingD), b.CString(probeName), unix.O_RDONLY|unix.O_CLOEXEC).Loading(0).
		Into(b.seen + SeenLandlock2).Soft()
}

// logFlags has what is refused after the exec told too, which is not by default
// (landlock_restrict_self(2)).
func (b *builder) logFlags() uint64 {
	const newExecOn = 2 // LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON, ABI 7
	if b.in.LogDenials {
		return newExecOn
	}
	return 0
}

// refusedNet gives the network rights that no rule grants: TCP, where the policy
// gives less than the network namespace does. With loopback up that is nothing;
// where a namespace is wanted and can't be had the network would be the host's.
func (b *builder) refusedNet(abi int) uint64 {
	wanted := b.in.Policy.Layers.Level(policy.LayerNetNS) != policy.Off
	lacking := wanted && !b.in.Facts.Has(policy.LayerNetNS)
	if abi < 4 || !lacking && b.in.Policy.Net != policy.NetNone {
		return 0
	}
	return unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
}

// rulesetSize is how much of struct landlock_ruleset_attr an ABI knows: file
// rights, from 4 on network rights, from 6 on scopes.
func rulesetSize(abi int) uint64 {
	switch {
	case abi < 4:
		return 8
	case abi < 6:
		return 16
	}
	return 24
}

// handled gives the rights that an ABI can refuse.
func handled(abi int) (fs, scoped uint64) {
	switch {
	case abi == 1:
		fs = 1<<13 - 1
	case abi == 2:
		fs = 1<<14 - 1 // REFER
	case abi < 5:
		fs = 1<<15 - 1 // TRUNCATE
	case abi < 9:
		fs = 1<<16 - 1 // IOCTL_DEV
	default:
		fs = 1<<17 - 1 // RESOLVE_UNIX
	}
	if abi >= 6 {
		scoped = 3 // abstract unix sockets, signals
	}
	return fs, scoped
}

// rules lists what the target may reach, from the same tables as the mounts.
func (b *builder) rules() []rule {
	list := []rule{{"/", unix.LANDLOCK_ACCESS_FS_READ_DIR, false}, {"/proc", llRead, false}}
	switch { // the folders of an overlay are not known, and all are the jail's own
	case b.in.Rooted() && b.in.Policy.Root == policy.RootReadOnly:
		list[0].rights = llRead | llExec
	case b.in.Rooted():
		list[0].rights = llNoNodes
	}
	for i := range b.in.View.Entries {
		e := &b.in.View.Entries[i]
		switch {
		case e.Kind == rootfs.Overlay:
			list = append(list, rule{e.Path, llRead | llExec, false})
		case e.Kind == rootfs.Bind:
			list = append(list, rule{e.Path, llRead | llExec, !isDir(e)})
		case e.Path == "/etc":
			list = append(list, rule{"/etc", llRead | llExec, false})
		}
	}
	for _, q := range quotas {
		list = append(list, rule{q.path, llNoNodes, false})
	}
	for _, d := range b.devs {
		if d.Kind == rootfs.DevNode {
			list = append(list, rule{"/dev/" + d.Name, llDevice | llIoctl, true})
		}
	}
	if b.showsDenials() {
		list = append(list, rule{DenialsDir, llRead, false})
	}
	list = append(list, rule{"/dev/pts", llRead | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | llIoctl, false})
	for i := range b.in.Policy.Files {
		f, s := &b.in.Policy.Files[i], &b.in.Sources[i]
		if s.Skip || f.Kind == policy.FileHide || f.Kind == policy.FileLink {
			continue
		}
		r := rule{f.Target, llRead | llExec, !s.Dir && f.Kind != policy.FileTmpfs}
		switch f.Kind {
		case policy.FileRW:
			r.rights = llNoNodes | llSocket
		case policy.FileTmpfs, policy.FileCOW:
			r.rights = llNoNodes
		}
		list = append(list, r)
	}
	return list
}

// covered says whether the rule of a folder above grants all that a rule does,
// or the same rule has come before.
func covered(list []rule, i int, handled uint64) bool {
	r := &list[i]
	for j := range list {
		above := &list[j]
		first := above.path != r.path || j < i
		if first && contains(above.path, r.path) && r.granted(handled)&^above.granted(handled) == 0 {
			return true
		}
	}
	return false
}

// granted are the rights that the kernel can be told of.
func (r *rule) granted(handled uint64) uint64 {
	if r.file {
		return r.rights & handled & llFile
	}
	return r.rights & handled
}

// hostRules are for a program that sees the host's own tree: of it, what the
// view would show, and its scratch folder.
func (b *builder) hostRules() []rule {
	list := []rule{{"/", unix.LANDLOCK_ACCESS_FS_READ_DIR, false}, {"/proc", llRead, false}, {b.in.Scratch + boxDir, llNoNodes, false}}
	for i := range b.in.View.Entries {
		switch e := &b.in.View.Entries[i]; e.Kind {
		case rootfs.Overlay, rootfs.Bind:
			list = append(list, rule{e.Source, llRead | llExec, false})
		case rootfs.Copy:
			list = append(list, rule{e.Source, llRead, true})
		case rootfs.Text:
			if hostFile(e.Path) {
				list = append(list, rule{e.Path, llRead, true})
			}
		}
	}
	for _, d := range rootfs.Dev() {
		if d.Kind == rootfs.DevNode {
			list = append(list, rule{"/dev/" + d.Name, llDevice | llIoctl, true})
		}
	}
	for i := range b.in.Policy.Files {
		f, s := &b.in.Policy.Files[i], &b.in.Sources[i]
		if s.Skip || f.Source == "" {
			continue
		}
		r := rule{s.path(f), llRead | llExec, !s.Dir}
		if f.Kind == policy.FileRW {
			r.rights = llNoNodes | llSocket
		}
		list = append(list, r)
	}
	return list
}

// hostFile says whether the host's own file may stand in for a text of ours.
func hostFile(path string) bool {
	switch path {
	case "/etc/passwd", "/etc/group", "/etc/hosts", "/etc/nsswitch.conf":
		return true
	}
	return false
}

// addRule opens a path and adds what it grants: struct
// landlock_path_beneath_attr is packed, twelve bytes.
func (b *builder) addRule(set tape.Addr, r rule, handled uint64) {
	attr := b.Var(16)
	b.SetVar(attr, r.granted(handled))
	open := b.Call("open "+r.path+" for Landlock", unix.SYS_OPENAT, atFdcwd, b.CString(r.path), unix.O_PATH|unix.O_CLOEXEC, 0).Into(attr + 8)
	if !b.on(policy.LayerRootfs) {
		next := b.NewLabel()
		open.Or(next) // the host may lack it; less is then allowed, not more
		defer b.Here(next)
	}
	b.Call("allow "+r.path, unix.SYS_LANDLOCK_ADD_RULE, uint64(set), unix.LANDLOCK_RULE_PATH_BENEATH, uint64(attr), 0).Loading(0)
}
