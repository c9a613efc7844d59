package plan

import (
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/rootfs"
	"golang.org/x/sys/unix"
)

// invented is a host that exists nowhere, so that no plan of a test depends on
// the machine that it runs on.
func invented(root bool) *host.Facts {
	f := &host.Facts{
		Kernel: host.Version{Major: 6, Minor: 12}, UID: 1001, GID: 1001, Root: root,
		Admin: root, LastCap: 40, Landlock: 7, TimeNS: true, Keyring: 1234567, UserNS: true, Staging: "/tmp",
	}
	if root {
		f.UID, f.GID, f.IDBase, f.IDCount = 0, 0, 0x70000000, 1<<17
	}
	for i := range f.Rlimits {
		f.Rlimits[i] = unix.Rlimit{Cur: unlimited, Max: unlimited}
	}
	for i, n := range host.Namespaces {
		f.NS[i] = n + ":[4026531840]"
	}
	return f
}

func inventedView() rootfs.View {
	return rootfs.View{
		Layout: "merged-usr", Path: "/usr/bin",
		Entries: []rootfs.Entry{
			{Path: "/box", Kind: rootfs.Dir, Mode: 0o700, Why: "the program's working folder"},
			{Path: "/tmp", Kind: rootfs.Dir, Mode: 0o1777},
			{Path: "/dev", Kind: rootfs.Dir, Mode: 0o755},
			{Path: "/proc", Kind: rootfs.Dir, Mode: 0o555},
			{Path: "/etc", Kind: rootfs.Dir, Mode: 0o755},
			{Path: "/var", Kind: rootfs.Dir, Mode: 0o755},
			{Path: "/usr", Kind: rootfs.Overlay, Source: "/usr", Why: "programs and libraries"},
			{Path: "/bin", Kind: rootfs.Symlink, Target: "usr/bin", Why: "#!/bin/sh"},
			{Path: "/srv", Kind: rootfs.Bind, Source: "/srv", Why: "a folder without an overlay"},
			{Path: "/var/tmp", Kind: rootfs.Symlink, Target: "../tmp"},
			{Path: "/etc/ld.so.cache", Kind: rootfs.Copy, Source: "/etc/ld.so.cache", Mode: 0o644, Why: "the loader finds libraries by it"},
			{Path: "/etc/passwd", Kind: rootfs.Text, Mode: 0o444, Data: "jail:x:1000:1000::/box:/bin/sh\n", Why: "the program's own name"},
		},
	}
}

// with makes an input out of a policy, for root or an ordinary user.
func with(root bool, p policy.Policy, change ...func(*Input)) *Input {
	filter := strings.Repeat("\x06\x00\x00\x00\x00\x00\xff\x7f", 3)
	in := &Input{
		Policy: p.Resolve(policy.Caller{Root: root}), Facts: invented(root), View: inventedView(),
		Sources: make([]Source, len(p.Files)),
		Argv:    []string{"python3", "-c", "print(1)"}, Env: []string{"PATH=/usr/bin:/bin", "HOME=/box"},
		Filter: filter, InitFilter: filter, Listener: true,
		Monotonic: 5000 * time.Second, Boottime: 6000 * time.Second,
	}
	for i := range in.Sources {
		in.Sources[i] = Source{Fd: -1, Dir: true, Made: true}
	}
	if root {
		in.Procs, in.Twin = 3, true
		in.HostTarget, in.HostInit = 0x70000000, 0x70000001
	}
	for _, c := range change {
		c(in)
	}
	return in
}

func compiled(t testing.TB, in *Input) *Plan {
	t.Helper()
	p, err := Compile(in)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// at finds the first op of a process whose step begins so.
func at(t testing.TB, p *Plan, who tape.Proc, step string) int {
	t.Helper()
	for i := range p.Ops {
		if p.Ops[i].Proc == who && strings.HasPrefix(p.Ops[i].Step, step) {
			return i
		}
	}
	t.Fatalf("%v has no step %q", who, step)
	return -1
}
