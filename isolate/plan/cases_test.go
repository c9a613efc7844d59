package plan

import (
	"time"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/rootfs"
)

// cases are the plans that are kept as goldens and verified: each differs from
// the default in one thing.
var cases = []struct {
	name string
	full bool // every op as it is played; else who does what
	in   func() *Input
}{
	{"root", true, func() *Input { return with(true, policy.Policy{}) }},
	{"user", true, func() *Input { return with(false, policy.Policy{}) }},
	{"root-one-group", false, func() *Input {
		return with(true, policy.Policy{}, func(in *Input) { in.Procs, in.Twin = 1, false })
	}},
	{"root-no-group", false, func() *Input {
		return with(true, off("cgroup"), func(in *Input) { in.Procs, in.Twin = 0, false })
	}},
	{"user-groups", false, func() *Input {
		return with(false, policy.Policy{}, func(in *Input) { in.Procs = 1 })
	}},
	{"root-no-userns", false, func() *Input {
		return with(true, try("user_ns"), func(in *Input) { in.Facts.UserNS = false })
	}},
	{"user-no-userns", false, func() *Input {
		return with(false, try("user_ns"), func(in *Input) { in.Facts.UserNS = false })
	}},
	{"root-container", false, func() *Input {
		return with(true, policy.Policy{}, func(in *Input) {
			in.Procs, in.Twin = 0, false
			in.Facts.Admin, in.Facts.Blind, in.Facts.NoClone = false, true, true
		})
	}},
	{"user-refused", false, func() *Input {
		return with(false, try("uts_ns", "net_ns"), func(in *Input) {
			in.Facts = in.Facts.Without(policy.LayerUtsNS).Without(policy.LayerNetNS)
		})
	}},
	{"root-landlock-0", false, landlockABI(0)},
	{"root-landlock-1", false, landlockABI(1)},
	{"root-landlock-2", false, landlockABI(2)},
	{"root-landlock-5", false, landlockABI(5)},
	{"root-landlock-6", false, landlockABI(6)},
	{"root-landlock-9", false, func() *Input { in := files(true); in.Facts.Landlock = 9; return in }},
	{"root-linux-5.10", false, func() *Input { return older(files(true)) }},
	{"user-linux-5.10", true, func() *Input { return older(files(false)) }},
	{"root-files", false, func() *Input { return files(true) }},
	{"user-files", false, func() *Input { return files(false) }},
	{"root-hard", false, func() *Input {
		return with(true, policy.Policy{
			Profile: policy.ProfileWXDeny, Verify: policy.VerifyFull, Net: policy.NetNone, Chdir: "/tmp", Hostname: "exam",
			Hardware: policy.Hardware{CoreScheduling: true, SpeculationControl: true},
			Limits:   policy.Limits{CPU: 2 * time.Second, FileSize: 1 << 20, Memory: 64 << 20, Pids: 7, Disk: size.Bytes(1 << 20), Inodes: 99},
		}, func(in *Input) {
			in.CPUSet = []byte{3, 0, 0, 0, 0, 0, 0, 0}
			in.Facts.Nice = -5
			in.Argv = []string{"/usr/bin/true"}
		})
	}},
	{"root-image", true, func() *Input { return image(true) }},
	{"user-image", false, func() *Input { return image(false) }},
	{"root-image-read-only", false, func() *Input {
		in := image(true)
		in.Policy.Root = policy.RootReadOnly
		return in
	}},
	{"root-inside", false, func() *Input {
		in := image(true)
		in.Policy.User, in.Policy.Capabilities = policy.UserRoot, []string{"CHOWN", "SETUID"}
		in.Uppers, in.Hold, in.Range = nil, true, true
		return in
	}},
	{"root-cow", false, func() *Input {
		in := files(true)
		in.Range = true
		in.Layers = []Layers{{Target: "/work/src", Tree: "/home/x/src", Fd: 43, Upper: "d0"}}
		return in
	}},
	{"root-all-off", false, func() *Input {
		return with(true, off("net_ns", "ipc_ns", "uts_ns", "cgroup_ns", "time_ns", "cgroup", "seccomp", "landlock", "rlimits", "keyring"),
			func(in *Input) { in.Procs, in.Twin = 0, false })
	}},
	{"user-all-try", false, func() *Input {
		return with(false, try("user_ns", "pid_ns", "mnt_ns", "net_ns", "ipc_ns", "uts_ns", "cgroup_ns", "time_ns", "cgroup", "seccomp", "landlock", "rootfs", "capabilities", "rlimits", "keyring"),
			func(in *Input) { in.Procs = 2 })
	}},
}

func landlockABI(abi int) func() *Input {
	return func() *Input { return with(true, policy.Policy{}, func(in *Input) { in.Facts.Landlock = abi }) }
}

func levels(to policy.Level, names []string) policy.Policy {
	p := policy.Policy{Layers: policy.Layers{}}
	for _, n := range names {
		p.Layers[policy.Layer(n)] = to
	}
	return p
}

func off(names ...string) policy.Policy { return levels(policy.Off, names) }
func try(names ...string) policy.Policy { return levels(policy.Try, names) }

// files is a policy with every kind of file: nested, hidden, absent, and one
// that the supervisor has taken.
func files(root bool) *Input {
	p := policy.Policy{Files: []policy.File{
		{Kind: policy.FileRW, Source: "/home/x/work", Target: "/work"},
		{Kind: policy.FileRO, Source: "/home/x/lib", Target: "/work/lib"},
		{Kind: policy.FileHide, Target: "/work/lib/.git"},
		{Kind: policy.FileHide, Target: "/work/secret"},
		{Kind: policy.FileTmpfs, Target: "/cache", Size: 1 << 20},
		{Kind: policy.FileRO, Source: "/home/x/absent", Target: "/absent", Optional: true},
		{Kind: policy.FileRO, Source: "/home/x/data.csv", Target: "/data/deep/data.csv"},
	}}
	return with(root, p, func(in *Input) {
		in.Sources = []Source{
			{Fd: -1, Dir: true, Made: true}, {Fd: -1, Dir: true, Made: false}, {Fd: -1, Dir: true}, {Fd: -1},
			{Fd: -1, Dir: true, Made: true}, {Skip: true, Fd: -1}, {Fd: -1, Made: true},
		}
		if root {
			in.Sources[0].Fd = 40
		}
		in.Named = []Named{{Name: "a.py", Fd: 41, Mode: 0o644}, {Name: "run.sh", Fd: 42, Mode: 0o755}}
	})
}

// image is a root of three layers with a file of the policy's in it, and a folder of
// the host's that can be changed, both of which are kept.
func image(root bool) *Input {
	in := files(root)
	in.View.Entries = []rootfs.Entry{
		{Path: "/box", Kind: rootfs.Dir, Mode: 0o700, Why: "the program's working folder"},
		{Path: "/dev", Kind: rootfs.Dir, Mode: 0o755, Why: "mount point"},
		{Path: "/etc", Kind: rootfs.Dir, Mode: 0o755, Why: "few files"},
		{Path: "/proc", Kind: rootfs.Dir, Mode: 0o555, Why: "mount point"},
		{Path: "/tmp", Kind: rootfs.Dir, Mode: 0o1777, Why: "temporary files"},
		{Path: "/etc/passwd", Kind: rootfs.Text, Mode: 0o644, Data: "jail:x:1000:1000::/box:/bin/sh\n", Why: "names the user"},
	}
	in.Policy.Image, in.Policy.Root, in.Policy.State = "debian:12", policy.RootWritable, "build-1"
	in.Layers = []Layers{
		{Target: "/", Tree: "/var/lib/jail/layers", Fd: -1, Lowers: []string{"c/tree", "b/tree", "a/tree"}, Upper: "d0"},
		{Target: "/src", Tree: "/home/x/src", Fd: -1, Upper: "d1"},
	}
	in.Uppers = &Uppers{Path: "/var/lib/jail/states/build-1/tree", Fd: -1}
	if root {
		in.Layers[0].Fd, in.Layers[1].Fd, in.Uppers.Fd = 44, 45, 46
	}
	return in
}

// layerOff is the default without one layer, as the supervisor would plan it.
func layerOff(name string) *Input {
	return with(true, off(name), func(in *Input) {
		if name == "cgroup" {
			in.Procs, in.Twin = 0, false
		}
	})
}
