package policy

import (
	"bytes"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jailrun/jail/internal/size"
)

func TestResolveFillsEveryDefault(t *testing.T) {
	want := &Policy{
		Profile: ProfileDefault, Net: NetLoopback, View: ViewHost, Root: RootReadOnly, User: UserJail, Denials: DenialsShown, Verify: VerifyFast, Chdir: "/box", Hostname: "jail",
		Seccomp: Seccomp{OnSuspicious: SuspiciousDeny}, Layers: Layers{},
		Limits: Limits{CPU: Unlimited, Wall: Unlimited, Idle: Unlimited, Memory: 512 * size.MiB, MemoryHigh: Unlimited, Pids: 128, CPUMax: Unlimited,
			Output: 64 * size.MiB, Disk: 256 * size.MiB, Inodes: 65536, FileSize: Unlimited, Stack: 8 * size.MiB,
			OpenFiles: 1024, PidsAction: ActionErrno, DiskAction: ActionErrno},
	}
	for _, l := range AllLayers() {
		want.Layers[l.Name] = Require
	}
	want.Layers[LayerTimeNS] = Try
	if d := cmp.Diff(want, (&Policy{}).Resolve(Caller{Root: true})); d != "" {
		t.Errorf("root: %s", d)
	}
	want.Layers[LayerCgroup] = Try
	if d := cmp.Diff(want, (*Policy)(nil).Resolve(Caller{})); d != "" {
		t.Errorf("ordinary user: %s", d)
	}
}

func TestWhatWasSaidIsKept(t *testing.T) {
	p := everything("/src")
	p.Layers[LayerCgroup] = Require
	r := p.Resolve(Caller{})
	if d := cmp.Diff(p.Limits, r.Limits); d != "" {
		t.Error(d)
	}
	if r.Layers[LayerUserNS] != Try || r.Layers[LayerTimeNS] != Off || r.Layers[LayerCgroup] != Require {
		t.Errorf("layers: %v", r.Layers)
	}
}

func TestWallFollowsCPU(t *testing.T) {
	for _, c := range []struct{ cpu, wall, want time.Duration }{
		{0, 0, Unlimited}, {2 * time.Second, 0, 5 * time.Second}, {2 * time.Second, time.Second, time.Second},
		{2 * time.Second, Unlimited, Unlimited}, {Unlimited, 0, Unlimited}, {math.MaxInt64 / 2, 0, math.MaxInt64},
		{math.MaxInt64, 0, math.MaxInt64},
	} {
		p := Policy{Limits: Limits{CPU: c.cpu, Wall: c.wall}}
		if got := p.Resolve(Caller{}).Limits.Wall; got != c.want {
			t.Errorf("cpu %v, wall %v: %v, want %v", c.cpu, c.wall, got, c.want)
		}
	}
}

func TestResolveChangesNothingTheSecondTimeAndNothingOfItsOwner(t *testing.T) {
	p := everything("/src")
	p.Env = []string{"B=1", "A=1", "B=2", "A=3"}
	p.PassEnv = []string{"X", "LANG", "X"}
	before := p.clone()
	r := p.Resolve(Caller{})
	if d := cmp.Diff(r, r.Resolve(Caller{})); d != "" {
		t.Errorf("twice: %s", d)
	}
	if d := cmp.Diff(before, p); d != "" {
		t.Errorf("the argument changed: %s", d)
	}
	if d := cmp.Diff([]string{"A=3", "B=2"}, r.Env); d != "" {
		t.Errorf("the later value wins: %s", d)
	}
	if d := cmp.Diff([]string{"LANG", "X"}, r.PassEnv); d != "" {
		t.Error(d)
	}
}

func TestLaterWinsAndListsAppend(t *testing.T) {
	base := everything("/src")
	over := &Policy{
		Net: NetLoopback, Limits: Limits{Pids: 5, CPU: Unlimited}, Layers: Layers{LayerTimeNS: Require, LayerKeyring: Try},
		Env: []string{"A=9"}, PassEnv: []string{"HOME"}, Hostname: "h", Include: []string{"x"},
		Files:    []File{{Kind: FileHide, Target: "/cases/"}, {Kind: FileRW, Source: "/run/docker.sock"}},
		Hardware: Hardware{SpeculationControl: true},
	}
	want := everything("/src")
	want.Net, want.Limits.Pids, want.Limits.CPU, want.Hostname = NetLoopback, 5, Unlimited, "h"
	want.Layers = Layers{LayerUserNS: Try, LayerTimeNS: Require, LayerKeyring: Try}
	want.Env, want.PassEnv = []string{"A=1", "B=two words", "A=9"}, []string{"LANG", "HOME"}
	want.Files = []File{want.Files[2], over.Files[0], over.Files[1]}
	want.Hardware.SpeculationControl, want.Include = true, []string{"x"}
	got := Merge(base, over)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if err := got.Validate(); !errors.Is(err, ErrDangerous) {
		t.Errorf("a flag's bind took over the reason of the file's: %v", err)
	}
	if d := cmp.Diff(everything("/src"), base); d != "" {
		t.Errorf("the base changed: %s", d)
	}
	if d := cmp.Diff(&Policy{}, Merge(nil, nil)); d != "" {
		t.Error(d)
	}
	got.Layers[LayerUserNS], got.Env[0] = Off, "C=1"
	if base.Layers[LayerUserNS] != Try || base.Env[0] != "A=1" {
		t.Error("the merged policy shares memory with the base")
	}
}

func TestValidateReportsEveryMistake(t *testing.T) {
	for _, c := range []struct {
		key string
		is  error
		p   Policy
	}{
		{"include", ErrValue, Policy{Include: []string{"x"}}},
		{"profile", ErrUnknown, Policy{Profile: "wxdeny"}},
		{"net", ErrUnknown, Policy{Net: "host"}},
		{"verify", ErrUnknown, Policy{Verify: "slow"}},
		{"seccomp.on_suspicious", ErrUnknown, Policy{Seccomp: Seccomp{OnSuspicious: "allow"}}},
		{"limits.cpu", ErrNegative, Policy{Limits: Limits{CPU: -time.Second}}},
		{"limits.memory", ErrNegative, Policy{Limits: Limits{Memory: -2}}},
		{"limits.pids", ErrNegative, Policy{Limits: Limits{Pids: math.MinInt64}}},
		{"limits.pids_action", ErrUnknown, Policy{Limits: Limits{PidsAction: "x"}}},
		{"limits.cores", ErrValue, Policy{Limits: Limits{Cores: "0,"}}},
		{"layers.user_ns", ErrMandatory, Policy{Layers: Layers{LayerUserNS: Off}}},
		{"layers.no_new_privs", ErrMandatory, Policy{Layers: Layers{LayerNoNewPrivs: Try}}},
		{"layers.seccomp", ErrUnknown, Policy{Layers: Layers{LayerSeccomp: "on"}}},
		{"layers.selinux", ErrUnknownKey, Policy{Layers: Layers{"selinux": Require}}},
		{"env[0]", ErrValue, Policy{Env: []string{"A"}}},
		{"env[1]", ErrValue, Policy{Env: []string{"A=", "=x"}}},
		{"env[0]", ErrNUL, Policy{Env: []string{"A=\x00"}}},
		{"pass_env[0]", ErrValue, Policy{PassEnv: []string{""}}},
		{"chdir", ErrValue, Policy{Chdir: "box"}},
		{"chdir", ErrValue, Policy{Chdir: "/box/.."}},
		{"hostname", ErrValue, Policy{Hostname: strings.Repeat("a", 65)}},
		{"files[0].kind", ErrMissing, Policy{Files: []File{{}}}},
		{"files[0].kind", ErrUnknown, Policy{Files: []File{{Kind: "dev", Source: "/x"}}}},
		{"files[0].source", ErrMissing, Policy{Files: []File{{Kind: FileRO, Target: "/x"}}}},
		{"files[0].source", ErrValue, Policy{Files: []File{{Kind: FileRW, Source: "x", Target: "/x"}}}},
		{"files[0].source", ErrValue, Policy{Files: []File{{Kind: FileHide, Source: "/x", Target: "/x"}}}},
		{"files[0].source", ErrNUL, Policy{Files: []File{{Kind: FileRO, Source: "/\x00", Target: "/x"}}}},
		{"files[0].target", ErrMissing, Policy{Files: []File{{Kind: FileTmpfs}}}},
		{"files[0].target", ErrValue, Policy{Files: []File{{Kind: FileTmpfs, Target: "x"}}}},
		{"files[0].target", ErrValue, Policy{Files: []File{{Kind: FileTmpfs, Target: "/a/../b"}}}},
		{"files[0].target", ErrNUL, Policy{Files: []File{{Kind: FileTmpfs, Target: "/a\x00"}}}},
		{"files[0].target", ErrValue, Policy{Files: []File{{Kind: FileRO, Source: "/", Reason: "r"}}}},
		{"files[0].target", ErrValue, Policy{Files: []File{{Kind: FileRO, Source: "/proc"}}}},
		{"files[0].target", ErrValue, Policy{Files: []File{{Kind: FileHide, Target: "/proc"}}}},
		{"files[0].target", ErrValue, Policy{Files: []File{{Kind: FileHide, Target: "//proc/./sys/"}}}},
		{"files[0].target", ErrValue, Policy{Files: []File{{Kind: FileHide, Target: "/dev"}}}},
		{"files[0].target", ErrValue, Policy{Files: []File{{Kind: FileTmpfs, Target: "/dev/shm"}}}},
		{"files[0].target", ErrValue, Policy{Files: []File{{Kind: FileRW, Source: "/srv/x", Target: "/dev/null"}}}},
		{"files[0].target", ErrValue, Policy{Files: []File{{Kind: FileHide, Target: "/box"}}}},
		{"files[0].target", ErrValue, Policy{Files: []File{{Kind: FileTmpfs, Target: "/"}}}},
		{"files[0].target", ErrValue, Policy{Files: []File{{Kind: FileRO, Source: "/etc"}}}},
		{"files[0].target", ErrValue, Policy{Files: []File{{Kind: FileRW, Source: "/srv/x", Target: "/etc/"}}}},
		{"files[0].target", ErrValue, Policy{Files: []File{{Kind: FileHide, Target: "/etc"}}}},
		{"files[0].target", ErrValue, Policy{Files: []File{{Kind: FileRO, Source: "/var"}}}},
		{"files[0].target", ErrValue, Policy{Files: []File{{Kind: FileHide, Target: "/var"}}}},
		{"files[0].target", ErrValue, Policy{Files: []File{{Kind: FileTmpfs, Target: "/var/tmp"}}}},
		{"files[0].target", ErrValue, Policy{Files: []File{{Kind: FileRO, Source: "/bin"}}}},
		{"files[0].target", ErrValue, Policy{Files: []File{{Kind: FileTmpfs, Target: "/lib64"}}}},
		{"limits.open_files", ErrValue, Policy{Limits: Limits{OpenFiles: 15}}},
		{"limits.pids", ErrTooLarge, Policy{Limits: Limits{Pids: mostPids + 1}}},
		{"files[0].size", ErrNegative, Policy{Files: []File{{Kind: FileTmpfs, Target: "/a", Size: -2}}}},
		{"files[0].size", ErrValue, Policy{Files: []File{{Kind: FileHide, Target: "/a", Size: 2}}}},
		{"files[0].source", ErrDangerous, Policy{Files: []File{{Kind: FileRW, Source: "/tmp/../proc//sys", Target: "/x"}}}},
	} {
		err := c.p.Validate()
		all := Errors(err)
		if len(all) != 1 || all[0].Key != c.key || !errors.Is(err, c.is) {
			t.Errorf("%+v\n got %v\nwant %s %v", c.p, err, c.key, c.is)
		}
	}
	many := Policy{Net: "x", Verify: "y", Chdir: "z", Env: []string{"a", "b"}, Files: []File{{Kind: FileTmpfs, Target: "t", Size: -3}}}
	if n := len(Errors(many.Validate())); n != 7 {
		t.Errorf("7 mistakes, %d reported: %v", n, many.Validate())
	}
}

func TestARightPolicyIsValidBeforeAndAfterResolving(t *testing.T) {
	for _, p := range []*Policy{
		{}, everything("/src"), {Hostname: "a.b-1.C", Limits: Limits{Cores: "0,2-8191"}},
		{Env: []string{"A=", "B=x=y"}, Layers: Layers{LayerUserNS: Try, LayerSeccomp: Off, LayerKeyring: ""}},
		{Files: []File{{Kind: FileRW, Source: "/", Target: "/host", Reason: "backup"}}},
		{Files: []File{{Kind: FileRO, Source: "/proc", Target: "/hostproc"}}},
		{Files: []File{{Kind: FileHide, Target: "/device"}, {Kind: FileHide, Target: "/box/a"}, {Kind: FileRO, Source: "/sys"}}},
		{Limits: Limits{OpenFiles: 16}}, {Limits: Limits{OpenFiles: Unlimited}},
	} {
		if err := p.Validate(); err != nil {
			t.Errorf("%+v: %v", p, err)
		}
		if err := p.Resolve(Caller{}).Validate(); err != nil {
			t.Errorf("resolved: %v", err)
		}
	}
}

func TestBindsThatOpenTheHostAreDangerous(t *testing.T) {
	for _, path := range []string{
		"/", "//", "/..", "/proc", "/proc/", "/proc/sys/kernel", "/sys/fs/cgroup", "/dev", "/dev/shm", "/tmp/../dev/sda", "/./sys",
		"/run", "/var/run", "/run/user", "/run/user/1000",
		"/run/docker.sock", "/var/run/docker.sock", "/var/run/../run//docker.sock", "/run/docker/plugins",
		"/run/containerd/containerd.sock", "/run/k3s/containerd/containerd.sock", "/run/podman/podman.sock",
		"/run/user/1000/podman/podman.sock", "/run/crio/crio.sock", "/run/libvirt/libvirt-sock", "/var/run/libvirt",
		"/run/systemd/private", "/run/user/0/systemd/private", "/run/dbus/system_bus_socket", "/run/user/1000/bus",
		"/var/lib/lxd/unix.socket",
		"/etc", "/etc/cron.d", "/boot/grub", "/usr", "/usr/local/bin", "/bin", "/sbin/init", "/lib", "/lib64/ld-linux-x86-64.so.2", "/libx32",
		"/root", "/root/.ssh/authorized_keys", "/home", "/opt", "/srv", "/var", "/var/lib", "/var/lib/dpkg", "/var/spool", "/var/spool/cron/crontabs",
		"/run/myapp", "/run/user/1000/app", "/var/run/x", "/home/../etc/passwd",
	} {
		if Dangerous(path) == "" {
			t.Errorf("%s is not dangerous", path)
		}
	}
	for _, path := range []string{
		"/home/u/project", "/srv/x", "/tmp/x", "/root/project", "/var/tmp/x", "/opt/x", "/mnt/x", "/data",
		"/procs", "/dev2/x", "/tmp", "/var/running", "/library", "/etc2", "/usr2/x", "/opt/proc", "/srv/run/docker.sock", "/srv/etc/passwd",
	} {
		if why := Dangerous(path); why != "" {
			t.Errorf("%s is dangerous: %s", path, why)
		}
	}
}

func TestASocketIsRefusedReadOnlyToo(t *testing.T) {
	for f, want := range map[File]bool{
		{Kind: FileRO, Source: "/run/docker.sock"}: true, {Kind: FileRW, Source: "/run/docker.sock"}: true,
		{Kind: FileRO, Source: "/run"}: true, {Kind: FileRO, Source: "/"}: true,
		{Kind: FileRO, Source: "/etc"}: false, {Kind: FileRW, Source: "/etc"}: true, {Kind: FileRO, Source: "/run/user/1000/app"}: false,
		{Kind: FileRO, Source: "/proc"}: false, {Kind: FileRW, Source: "/proc"}: true, {Kind: FileRO, Source: "/sys"}: false,
		{Kind: FileHide, Target: "/proc"}: false, {Kind: FileTmpfs, Target: "/run"}: false,
	} {
		if got := f.Danger() != ""; got != want {
			t.Errorf("%+v: dangerous %v, want %v", f, got, want)
		}
	}
}

func TestAResolvedPolicyIsPrintedAndReadBackToTheSameDigest(t *testing.T) {
	odd := everything("/a \"b\" \\ 'c'\t\n\x01\x7f é ")
	odd.Env = []string{"Q=\"'\\\n\t\r\x1b[0m", "U=日本", "E="}
	odd.Files = append(odd.Files, File{Kind: FileTmpfs, Target: "/t", Size: Unlimited}, File{Kind: FileHide, Target: "/h"})
	odd.Limits.CPU = 1234567891 * time.Nanosecond
	for name, p := range map[string]*Policy{"zero": {}, "everything": everything("/src"), "odd": odd,
		"endless": {Limits: Limits{CPU: math.MaxInt64, Memory: math.MaxInt64, Pids: mostPids, Inodes: math.MaxInt64, Disk: Unlimited}}} {
		for _, c := range []Caller{{Root: true}, {}} {
			r := p.Resolve(c)
			var text bytes.Buffer
			if err := r.WriteResolved(&text); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			back, err := Load(write(t, t.TempDir(), "p.toml", text.String()))
			if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, text.String())
			}
			if d := cmp.Diff(r, back, cmpopts.IgnoreFields(File{}, "Origin")); d != "" {
				t.Errorf("%s: %s", name, d)
			}
			if a, b := r.Digest(), back.Resolve(Caller{Root: !c.Root}).Digest(); a != b {
				t.Errorf("%s: %s became %s", name, a, b)
			}
		}
	}
}

func TestTheDigestIsOfTheMeaningNotTheOrder(t *testing.T) {
	a := &Policy{Env: []string{"A=0", "B=2", "A=1"}, PassEnv: []string{"Y", "X"}, Files: []File{
		{Kind: FileRO, Source: "/x/"}, {Kind: FileTmpfs, Target: "/t"}}}
	b := &Policy{Env: []string{"A=1", "B=2"}, PassEnv: []string{"X", "Y"}, Net: NetLoopback, Limits: Limits{Memory: 512 * size.MiB},
		Files: []File{{Kind: FileTmpfs, Target: "/t/", Size: 256 * size.MiB}, {Kind: FileRO, Source: "/x", Target: "/x"}}}
	want := a.Resolve(Caller{}).Digest()
	if !strings.HasPrefix(want, "sha256:") || len(want) != 71 {
		t.Errorf("digest %q", want)
	}
	for range 20 { // a map's order differs from run to run
		if got := b.Resolve(Caller{}).Digest(); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
}

func TestTheDigestChangesWithEveryField(t *testing.T) {
	seen := map[string]string{(&Policy{}).Resolve(Caller{}).Digest(): "nothing"}
	add := func(name string, change func(*Policy)) {
		p := &Policy{}
		change(p)
		d := p.Resolve(Caller{}).Digest()
		if other, ok := seen[d]; ok {
			t.Errorf("%s has the digest of %s", name, other)
		}
		seen[d] = name
	}
	for _, o := range Options() {
		if o.Name == "require" { // what its example requires is required anyway
			continue
		}
		add(o.Name, func(p *Policy) {
			if err := o.Set(p, o.Example); err != nil {
				t.Error(err)
			}
		})
	}
	add("core_scheduling", func(p *Policy) { p.Hardware.CoreScheduling = true })
	add("speculation_control", func(p *Policy) { p.Hardware.SpeculationControl = true })
	add("optional", func(p *Policy) { p.Files = []File{{Kind: FileRO, Source: "/opt/data", Optional: true}} })
	add("reason", func(p *Policy) { p.Files = []File{{Kind: FileRO, Source: "/opt/data", Reason: "r"}} })
	for _, l := range AllLayers() {
		if l.Name != LayerCgroup && l.Name != LayerTimeNS && l.Name != LayerUserNS {
			add(string(l.Name), func(p *Policy) { p.Layers = Layers{l.Name: Try} })
		}
	}
}

func TestWhatTOMLCannotHoldIsNotPrinted(t *testing.T) {
	p := &Policy{Files: []File{{Kind: FileRO, Source: "/\xff", Target: "/x"}}}
	var out bytes.Buffer
	err := p.WriteResolved(&out)
	var e *Error
	if !errors.Is(err, ErrNotUTF8) || !errors.As(err, &e) || e.Value != "/\xff" || out.Len() > 0 {
		t.Errorf("%v, %q", err, out.String())
	}
	if p.Digest() == (&Policy{Files: []File{{Kind: FileRO, Source: "/\xfe", Target: "/x"}}}).Digest() {
		t.Error("two paths, one digest")
	}
}

func TestLayersAreInTheResultsOrder(t *testing.T) {
	var names []string
	mandatory := 0
	for _, l := range AllLayers() {
		names = append(names, string(l.Name))
		if l.Doc == "" || l.Source == "" || l.CanOff && !l.CanTry {
			t.Errorf("row %+v", l)
		}
		if !l.CanOff {
			mandatory++
		}
	}
	if got := strings.Join(names, ","); mandatory != 6 || got != "user_ns,pid_ns,mnt_ns,net_ns,ipc_ns,uts_ns,cgroup_ns,time_ns,cgroup,seccomp,landlock,rootfs,capabilities,no_new_privs,rlimits,keyring" {
		t.Errorf("%d that can't be off; %s", mandatory, got)
	}
	if (Layers{}).Level(LayerTimeNS) != Try || Layers(nil).Level(LayerSeccomp) != Require || (Layers{LayerSeccomp: Off}).Level(LayerSeccomp) != Off {
		t.Error("levels")
	}
}

func TestEveryOptionsExampleIsRightAndItsDefaultIsTrue(t *testing.T) {
	zero := (&Policy{}).Resolve(Caller{})
	for _, o := range Options() {
		p := &Policy{}
		if (o.Arg == "") != (o.Example == "") || o.Help == "" || strings.ContainsAny(o.Help, "\n") {
			t.Errorf("row %+v", o)
		}
		if err := o.Set(p, o.Example); err != nil {
			t.Errorf("--%s %s: %v", o.Name, o.Example, err)
		}
		if err := p.Validate(); err != nil {
			t.Errorf("--%s %s isn't valid: %v", o.Name, o.Example, err)
		}
		for _, v := range o.Values() {
			if err := o.Set(&Policy{}, v); err != nil {
				t.Errorf("--%s %s: %v", o.Name, v, err)
			}
		}
		if v := o.Values(); v != nil && !slices.Contains(v, o.Example) {
			t.Errorf("--%s: %s is not among %v", o.Name, o.Example, v)
		}
		if got, ok := LookupOption(o.Name); !ok || got.Name != o.Name {
			t.Errorf("%s isn't found", o.Name)
		}
		if row := limitRow(strings.ReplaceAll(o.Name, "-", "_")); row != nil && strings.Trim(o.Default, "0123456789KMG") == "" {
			var set Policy
			if err := o.Set(&set, o.Default); err != nil {
				t.Error(err)
			}
			if d := cmp.Diff(zero.Limits, set.Resolve(Caller{}).Limits); d != "" {
				t.Errorf("--%s: the help's default is %s, the real one differs: %s", o.Name, o.Default, d)
			}
		}
	}
	if _, ok := LookupOption("nope"); ok {
		t.Error("an unknown option was found")
	}
}

func TestOptionsSetWhatTheySay(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, c := range []struct {
		name, arg string
		want      Policy
	}{
		{"cpu", "1.5s", Policy{Limits: Limits{CPU: 1500 * time.Millisecond}}},
		{"memory", "unlimited", Policy{Limits: Limits{Memory: Unlimited}}},
		{"pids", "4194304", Policy{Limits: Limits{Pids: 4194304}}},
		{"open-files", "20", Policy{Limits: Limits{OpenFiles: 20}}},
		{"file-size", "1G", Policy{Limits: Limits{FileSize: size.GiB}}},
		{"disk-action", "kill", Policy{Limits: Limits{DiskAction: ActionKill}}},
		{"ro", "/opt/x", Policy{Files: []File{{Kind: FileRO, Source: "/opt/x", Target: "/opt/x"}}}},
		{"ro", "/opt/x/?", Policy{Files: []File{{Kind: FileRO, Source: "/opt/x", Target: "/opt/x", Optional: true}}}},
		{"ro", ".", Policy{Files: []File{{Kind: FileRO, Source: dir, Target: "/box"}}}},
		{"rw", "./a//b", Policy{Files: []File{{Kind: FileRW, Source: dir + "/a/b", Target: "/box/a/b"}}}},
		{"rw", "../up", Policy{Files: []File{{Kind: FileRW, Source: filepath.Dir(dir) + "/up", Target: filepath.Dir(dir) + "/up"}}}},
		{"ro", "a:b", Policy{Files: []File{{Kind: FileRO, Source: dir + "/a:b", Target: "/box/a:b"}}}},
		{"bind", "in:/data", Policy{Files: []File{{Kind: FileRW, Source: dir + "/in", Target: "/data"}}}},
		{"bind", "/in:/data:ro", Policy{Files: []File{{Kind: FileRO, Source: "/in", Target: "/data"}}}},
		{"tmpfs", "/t", Policy{Files: []File{{Kind: FileTmpfs, Target: "/t"}}}},
		{"tmpfs", "/t:1M", Policy{Files: []File{{Kind: FileTmpfs, Target: "/t", Size: size.MiB}}}},
		{"tmpfs", "t:1M", Policy{Files: []File{{Kind: FileTmpfs, Target: "/box/t", Size: size.MiB}}}},
		{"bind", "/in?:/data:ro", Policy{Files: []File{{Kind: FileRO, Source: "/in", Target: "/data", Optional: true}}}},
		{"bind", "in:data", Policy{Files: []File{{Kind: FileRW, Source: dir + "/in", Target: "/box/data"}}}},
		{"hide", ".env", Policy{Files: []File{{Kind: FileHide, Target: "/box/.env"}}}},
		{"hide", "/x?", Policy{Files: []File{{Kind: FileHide, Target: "/x", Optional: true}}}},
		{"chdir", "./dir", Policy{Chdir: "/box/dir"}},
		{"env", "A=b=c", Policy{Env: []string{"A=b=c"}}},
		{"off", "landlock", Policy{Layers: Layers{LayerLandlock: Off}}},
		{"try", "user_ns", Policy{Layers: Layers{LayerUserNS: Try}}},
	} {
		o, _ := LookupOption(c.name)
		var got Policy
		if err := o.Set(&got, c.arg); err != nil {
			t.Errorf("--%s %s: %v", c.name, c.arg, err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("--%s %s: %s", c.name, c.arg, d)
		}
	}
}

func TestABadArgumentIsNamedWithOptionValueAndExample(t *testing.T) {
	for _, c := range [][2]string{
		{"cpu", "2"}, {"cpu", "-1s"}, {"memory", "64MB"}, {"memory", "0"}, {"pids", "many"}, {"pids", "4194305"}, {"open-files", "15"}, {"memory", "1"}, {"stack", "4K"}, {"disk", "1"}, {"cores", "x"}, {"pids-action", "die"},
		{"net", "bridge"}, {"ro", "?"}, {"rw", "/dev/shm"}, {"bind", "/a"}, {"bind", "/a:../b"}, {"bind", "/a:/b:rx"}, {"bind", "/a:/b:tmpfs"}, {"bind", "?:/b"},
		{"bind", "/run/docker.sock:/d"}, {"bind", "/var/run/docker.sock:/d:ro"}, {"tmpfs", "../t"}, {"hide", "."}, {"hide", "?"}, {"tmpfs", "/t:1MB"}, {"hide", "/a/.."},
		{"env", "A"}, {"pass-env", "A=1"}, {"chdir", "../x"}, {"hostname", "a_b"}, {"profile", "none"}, {"off", "user_ns"}, {"try", "no_new_privs"},
		{"require", "landlok"}, {"verify", "never"}, {"cpu", ""}, {"net", ""}, {"ro", ""}, {"tmpfs", ""}, {"chdir", ""}, {"hostname", ""}, {"ro", "/a\x00b"},
	} {
		o, ok := LookupOption(c[0])
		var p Policy
		err := o.Set(&p, c[1])
		var e *Error
		if !ok || !errors.As(err, &e) || e.Key != "--"+c[0] || !strings.Contains(err.Error(), quote(c[1])) && c[1] != "" ||
			!strings.Contains(err.Error(), "for example --"+o.Name+" "+o.Example) {
			t.Errorf("--%s %q: %v", c[0], c[1], err)
			continue
		}
		if d := cmp.Diff(Policy{}, p); d != "" {
			t.Errorf("--%s %q changed the policy: %s", c[0], c[1], d)
		}
	}
}

func TestARelativePathOfAFlagIsRefusedForWhatIsWrongWithIt(t *testing.T) {
	for name, arg := range map[string]string{"chdir": "..", "bind": "a:../x", "tmpfs": "../t"} {
		o, _ := LookupOption(name)
		if err := o.Set(&Policy{}, arg); err == nil || !strings.Contains(err.Error(), `without ".."`) {
			t.Errorf("--%s %s: %v", name, arg, err)
		}
	}
}

// BenchmarkResolveAndDigest is what a launch pays.
func BenchmarkResolveAndDigest(b *testing.B) {
	p := everything("/src")
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Validate(); err != nil {
			b.Fatal(err)
		}
		_ = p.Resolve(Caller{}).Digest()
	}
}
