package plan

import (
	"fmt"
	"testing"
	"time"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/test/dice"
	"golang.org/x/sys/unix"
)

// FuzzEveryPlanVerifies draws a policy and a host, and holds Verify to taking
// whatever Compile makes of them: a launch that is refused for a plan of our own
// making would be a policy that nobody can use. That Verify refuses what it must
// is TestUnsafePlanIsRefused's to show.
func FuzzEveryPlanVerifies(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1})
	f.Add([]byte("\x01\x01\x00\x02\x01\x02\x00\x01\x02\x01\x00\x01\x02\x01\x00\x01\x02\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d"))
	f.Add([]byte("0000000000000000000000000000000000000000000000000000000000000000000000"))
	f.Add([]byte("\x00\x00\x01\x02\x01\x01\x02\x01\x02\x02\x02\x01\x01\x02\x01\x01\x01\x01\x01\x01\x01\x02\x01\x01\x03\x01\x01\x01\x02\x05\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01"))
	f.Fuzz(func(t *testing.T, spec []byte) {
		in := drawn{dice.New(spec)}.input()
		if err := in.Policy.Validate(); err != nil {
			t.Fatalf("the policy drawn is not one: %v", err)
		}
		p, err := Compile(in)
		if err != nil {
			t.Fatalf("no plan of %+v on %+v: %v", in.Policy, in.Facts, err)
		}
		if err := p.Verify(); err != nil {
			t.Fatalf("%v\npolicy %+v\nsources %+v", err, in.Policy, in.Sources)
		}
	})
}

// drawn makes a policy and a host of a fuzzer's bytes.
type drawn struct{ *dice.Dice }

func (d drawn) yes() bool { return d.N(2) == 1 }

func pick[T any](d drawn, of ...T) T { return of[d.N(len(of))] }

// input is a policy, and a host that the ladder would let it go on with.
func (d drawn) input() *Input {
	p := policy.Policy{
		Profile: pick(d, "", policy.ProfileWXDeny), Net: pick(d, "", policy.NetNone), Verify: pick(d, "", policy.VerifyFull),
		Chdir: pick(d, "", "/tmp", "/"), Hostname: pick(d, "", "exam"), Seccomp: policy.Seccomp{OnSuspicious: pick(d, "", policy.SuspiciousKill)},
		Hardware: policy.Hardware{CoreScheduling: d.yes(), SpeculationControl: d.yes()},
	}
	p.Layers, p.Limits, p.Files = d.layers(), d.limits(), d.files()
	return with(d.yes(), p, d.host, d.sources, d.groups, d.named)
}

func (d drawn) layers() policy.Layers {
	ls := policy.Layers{}
	for _, l := range policy.AllLayers() {
		switch v := pick(d, "", policy.Try, policy.Off); {
		case !l.CanTry:
		case v == policy.Off && !l.CanOff:
			ls[l.Name] = policy.Try
		case v != "":
			ls[l.Name] = v
		}
	}
	return ls
}

func (d drawn) limits() policy.Limits {
	bytes := func() size.Bytes { return pick(d, 0, size.Bytes(policy.Unlimited), 1<<20, 64<<20) }
	count := func() int64 { return pick(d, 0, int64(policy.Unlimited), 1, 99) }
	return policy.Limits{
		CPU: pick(d, 0, 2*time.Second), Wall: pick(d, 0, policy.Unlimited, 5*time.Second), Memory: bytes(), Pids: count(),
		Disk: bytes(), Inodes: count(), FileSize: bytes(), Stack: bytes(), OpenFiles: pick(d, 0, int64(policy.Unlimited), 16, 99), DiskAction: pick(d, "", policy.ActionKill),
	}
}

// files draws up to six, of which some lie within others.
func (d drawn) files() []policy.File {
	var list []policy.File
	for range d.N(7) {
		target := pick(d, "/work", "/work/lib", "/work/lib/a", "/box/x", "/data", "/usr/lib/secret", "/tmp/t", "/etc/x")
		f := policy.File{Kind: pick(d, policy.FileRO, policy.FileRW, policy.FileTmpfs, policy.FileHide), Target: target}
		switch f.Kind {
		case policy.FileRO, policy.FileRW:
			f.Source, f.Optional = fmt.Sprintf("/home/x/%d", len(list)), d.yes()
		case policy.FileTmpfs:
			f.Size = pick(d, 0, size.Bytes(1<<20))
		}
		list = append(list, f)
	}
	return list
}

// host is one with or without what plans differ by.
func (d drawn) host(in *Input) {
	f := in.Facts
	f.Landlock, f.TimeNS, f.Keyring, f.Nice = pick(d, 7, 0, 1, 2, 3, 4, 5, 6, 9), !d.yes(), pick(d, int32(1234567), 0), pick(d, 0, -5, 19)
	f.Kernel = pick(d, host.Version{Major: 6, Minor: 12}, host.Version{Major: 5, Minor: 15}, host.Version{Major: 7, Minor: 3})
	for i := range f.Rlimits {
		if d.N(4) == 3 {
			f.Rlimits[i] = unix.Rlimit{Cur: 10, Max: 20}
		}
	}
	f.NoClone, f.Blind = d.yes(), f.Root && d.yes()
	if in.Policy.Layers.Level(policy.LayerUserNS) == policy.Try && d.yes() {
		in.Facts = f.WithoutUserNS()
	}
}

// sources are what the supervisor would have found of the policy's files.
func (d drawn) sources(in *Input) {
	in.Sources = in.Sources[:0]
	fd := 40
	for _, p := range in.Policy.Files {
		s := Source{Fd: -1, Dir: d.yes(), Made: d.yes(), Skip: p.Optional && d.yes()}
		if p.Source == "" {
			s.Dir = s.Dir || p.Kind == policy.FileTmpfs
		} else if !s.Skip && in.Facts.Root && d.yes() {
			s.Fd, fd = fd, fd+1
		}
		in.Sources = append(in.Sources, s)
	}
	if d.yes() {
		older(in)
	}
}

func (d drawn) groups(in *Input) {
	in.Procs, in.Twin = d.N(4), d.yes()
	if in.Policy.Layers.Level(policy.LayerCgroup) == policy.Off {
		in.Procs, in.Twin = 0, false
	}
	in.CPUSet = pick(d, nil, []byte{3, 0, 0, 0, 0, 0, 0, 0})
}

func (d drawn) named(in *Input) {
	for i := range d.N(3) {
		in.Named = append(in.Named, Named{Name: fmt.Sprintf("f%d", i), Fd: 60 + i, Mode: 0o644, Folder: -1})
	}
}
