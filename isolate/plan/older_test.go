package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/rootfs"
	"golang.org/x/sys/unix"
)

// older makes an input one for Linux 5.10, on a host with mounts below what is
// shown.
func older(in *Input) *Input {
	in.Facts.Kernel, in.Facts.Landlock = host.Version{Major: 5, Minor: 10}, 0
	in.View = in.View.AsBinds()
	in.Mounts = mountsOfAHost()
	for i := range in.Sources {
		in.Sources[i].Real = in.Policy.Files[i].Source
	}
	return in
}

func mountsOfAHost() []Mount {
	const quiet = unix.MS_NOSUID | unix.MS_NODEV
	return []Mount{
		{ID: 20, Parent: 1, Path: "/"},
		{ID: 21, Parent: 20, Path: "/dev", Flags: unix.MS_NOSUID},
		{ID: 22, Parent: 20, Path: "/home", Flags: quiet},
		{ID: 23, Parent: 22, Path: "/home/x/work/disk", Flags: unix.MS_NOEXEC},
		{ID: 24, Parent: 20, Path: "/usr", Flags: unix.MS_RDONLY},
		{ID: 25, Parent: 24, Path: "/usr/local"},
		{ID: 26, Parent: 25, Path: "/usr/local", Flags: unix.MS_NODEV}, // on the one before
		{ID: 27, Parent: 25, Path: "/usr/local/lib"},                   // and so out of sight
		{ID: 28, Parent: 20, Path: "/mnt/a/b"},
		{ID: 29, Parent: 20, Path: "/mnt/a"}, // above the one before
		{ID: 30, Parent: 28, Path: "/mnt/a/b/c"},
	}
}

func TestMountsAreFoundAsPathsLeadToThem(t *testing.T) {
	for _, tt := range []struct {
		path string
		own  uint64
		want string
	}{
		{"/usr", unix.MS_RDONLY, "/usr/local:26"},
		{"/usr/local/lib", unix.MS_NODEV, ""},
		{"/home/x/work", unix.MS_NOSUID | unix.MS_NODEV, "/home/x/work/disk:23"},
		{"/home/x/works", unix.MS_NOSUID | unix.MS_NODEV, ""},
		{"/mnt", 0, "/mnt/a:29"},
		{"/mnt/a", 0, ""},
		{"/dev/null", unix.MS_NOSUID, ""},
		{"", 0, ""},
	} {
		own, below := under(mountsOfAHost(), tt.path)
		var got []string
		for _, m := range below {
			got = append(got, m.Path+":"+string(rune('0'+m.ID/10))+string(rune('0'+m.ID%10)))
		}
		if own != tt.own || strings.Join(got, " ") != tt.want {
			t.Errorf("%s: flags %#x, below %v; want %#x, %s", tt.path, own, got, tt.own, tt.want)
		}
	}
	if m := mountAt(mountsOfAHost()[1:], "/usr"); m == nil || m.ID != 24 {
		t.Errorf("without a root: %+v", m)
	}
	if m := mountAt(nil, "/usr"); m != nil {
		t.Errorf("without mounts: %+v", m)
	}
}

func TestEveryOldMountGetsItsFlagsAndKeepsItsOwn(t *testing.T) {
	p := compiled(t, older(with(false, policy.Policy{})))
	if err := p.Verify(); err != nil {
		t.Fatal(err)
	}
	const all = unix.MS_REMOUNT | unix.MS_BIND | unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV
	want := map[string]uint64{"root/usr": all, "root/usr/local": all, "root/srv": all, "root/dev/null": unix.MS_REMOUNT | unix.MS_BIND | unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NOEXEC}
	for i := range p.Ops {
		o := &p.Ops[i]
		if o.Call == unix.SYS_MOUNT_SETATTR || o.Call == unix.SYS_CLOSE_RANGE && o.Args[2] != 0 {
			t.Errorf("op %d (%s) is of a newer kernel", i, o.Step)
		}
		if o.Call != unix.SYS_MOUNT || o.Args[3]&unix.MS_REMOUNT == 0 {
			continue
		}
		at, _ := p.CString(o.Args[1])
		if flags, ok := want[at]; ok && o.Args[3] != flags {
			t.Errorf("%s gets flags %#x, want %#x", at, o.Args[3], flags)
		}
		delete(want, at)
	}
	if len(want) > 0 {
		t.Errorf("never set: %v", want)
	}
}

// The supervisor's trees are peers of the host's mounts, where these are shared.
func TestEveryOldTreeIsMadePrivateAsItIsAttached(t *testing.T) {
	p := compiled(t, older(files(true)))
	attached := 0
	for i := range p.Ops {
		o := &p.Ops[i]
		at, _ := p.CString(o.Args[3])
		if o.Call != unix.SYS_MOVE_MOUNT || !strings.HasPrefix(at, "root/") || slices.ContainsFunc(p.Ops, func(q tape.Op) bool { return "take "+at[len("root"):]+" out of the quota" == q.Step }) {
			continue // our own
		}
		attached++
		next := &p.Ops[i+1]
		if path, _ := p.CString(next.Args[1]); next.Call != unix.SYS_MOUNT || next.Args[3] != unix.MS_REC|unix.MS_PRIVATE || path != at {
			t.Errorf("%s: the next step is %q", o.Step, next.Step)
		}
	}
	if attached == 0 {
		t.Error("nothing is attached")
	}
}

func TestOldKernelsHaveNoOverlayInAUserNamespace(t *testing.T) {
	for _, e := range older(with(false, policy.Policy{})).View.Entries {
		if e.Kind == rootfs.Overlay {
			t.Errorf("%s is an overlay", e.Path)
		}
	}
}

func TestEachStepThatSealsIsNeeded(t *testing.T) {
	for _, step := range []string{"close the supervisor's socket and the lock", "close what else was passed", "close the target's socket on exec"} {
		p := compiled(t, older(files(true)))
		p.Tape = p.Without(func(o tape.Op) bool { return o.Step == step })
		err, ok := p.Verify().(*VerifyError)
		if !ok || err.Rule != S3 {
			t.Errorf("without %q: %v", step, err)
		}
	}
}

// RLIMIT_NPROC counts all of the user's tasks there.
func TestTasksBesideTheJailAreNotItsOwn(t *testing.T) {
	in := &Input{Policy: (&policy.Policy{Limits: policy.Limits{Pids: 5}}).Resolve(policy.Caller{}), Facts: &host.Facts{}, Beside: 70}
	for i := range in.Facts.Rlimits {
		in.Facts.Rlimits[i] = unix.Rlimit{Cur: unlimited, Max: unlimited}
	}
	for _, l := range Rlimits(in) {
		if l.Resource == unix.RLIMIT_NPROC && l.Hard != 76 {
			t.Errorf("%d processes, want the jail's 5, its init and 70 others", l.Hard)
		}
	}
}
