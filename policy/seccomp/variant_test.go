package seccomp

import (
	"maps"
	"testing"

	"golang.org/x/sys/unix"
)

// all are the variants of the filter.
var all = map[string]Variant{
	"default": {}, "shared": {Shared: true}, "pinned": {PinCores: true}, "shared and pinned": {Shared: true, PinCores: true},
}

// wide are variants that are compiled at run time, at a launch that asks for one.
var wide = map[string]Variant{
	"explain": {Watch: WatchExplain}, "explain, shared": {Watch: WatchExplain, Shared: true}, "learn": {Watch: WatchLearn},
	"allow": {Allow: "get_mempolicy sync"}, "allow all": {Allow: "mount keyctl clone3 personality acct bpf nonesuch"},
}

func TestVariantsBytesAreWhatTheCompilerMakesOfTheirRules(t *testing.T) {
	every := maps.Clone(all)
	maps.Copy(every, wide)
	for name, v := range every {
		for _, o := range variants {
			prog := compile(t, v.Rules(), o)
			if string(Bytes(prog)) != v.Bytes(o) {
				t.Errorf("%s, %+v: compiled_*.go is not current: run go generate, or for arm64 as gen.go says", name, o)
			}
			r := v.Rules()
			inputs(r, func(d Data) {
				if got, want := simulate(t, prog, d), Reference(r, d).Return(o); got != want {
					t.Fatalf("%s: %s %+v: filter 0x%x, table 0x%x", name, Name(int(d.Nr)), d, got, want)
				}
			})
		}
	}
}

func TestAPinnedProgramCannotChooseItsCores(t *testing.T) {
	for name, v := range all {
		want := Allow()
		if v.PinCores {
			want = eperm
		}
		for _, pid := range []uint64{0, 7} {
			if got := Reference(v.Rules(), native(unix.SYS_SCHED_SETAFFINITY, pid, 8, bad)); got != want {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
		if got := Reference(v.Rules(), native(unix.SYS_SCHED_GETAFFINITY, 0, 8, bad)); got != Allow() {
			t.Errorf("%s: asking for the cores is %v", name, got)
		}
	}
}

func TestKernelHoldsAPinnedProgramToItsCores(t *testing.T) {
	affinity := []call{{unix.SYS_SCHED_SETAFFINITY, [6]uint64{0, 8, bad}}}
	for filter, want := range map[string]unix.Errno{"": unix.EFAULT, "default": unix.EFAULT, "pinned": unix.EPERM} {
		if got := errnos(t, filter, affinity); got[0] != want {
			t.Errorf("filter %q: %v, want %v", filter, got[0], want)
		}
	}
}

func TestWithoutANetworkOfItsOwnAJailHasUnixSocketsOnly(t *testing.T) {
	for _, v := range []Variant{{NoNetwork: true}, {NoNetwork: true, Shared: true, PinCores: true}} {
		prog := decode(v.Bytes(Options{Listener: true}))
		for family, want := range map[uint64]Action{
			unix.AF_UNIX: Allow(), unix.AF_INET: Errno(unix.EAFNOSUPPORT),
			unix.AF_INET6: Errno(unix.EAFNOSUPPORT), unix.AF_NETLINK: Errno(unix.EAFNOSUPPORT),
		} {
			nr, _ := Number("socket")
			d := Data{Nr: int32(nr), Arch: NativeArch, Args: [6]uint64{family, unix.SOCK_STREAM}}
			ret, _, err := Simulate(prog, d)
			if err != nil || ret != want.Return(Options{Listener: true}) || Reference(v.Rules(), d) != want {
				t.Errorf("%+v, family %d: %#x, %v", v, family, ret, err)
			}
		}
		if got := Reference(v.Rules(), native(unix.SYS_LISTEN, 3, 5)); got != Allow() {
			t.Errorf("%+v: listen is %v, but its count would be of the host's sockets", v, got)
		}
	}
}

// hosts are variants for a host that gives no namespace, and what each refuses.
var hosts = []struct {
	v    Variant
	call string
	args [6]uint64
	want Action
}{
	{Variant{NoRoot: true}, "chmod", [6]uint64{bad, 0o644}, eperm},
	{Variant{NoRoot: true}, "fchmodat2", [6]uint64{bad, bad, 0o644}, eperm},
	{Variant{NoRoot: true}, "fchown", [6]uint64{3, 0, 0}, eperm},
	{Variant{NoRoot: true}, "fsetxattr", [6]uint64{3, bad, bad, 1}, Errno(unix.EOPNOTSUPP)},
	{Variant{NoRoot: true}, "utimensat", [6]uint64{3, 0, bad}, Ignore()},
	{Variant{NoRoot: true}, "inotify_add_watch", [6]uint64{3, bad, 1}, eperm},
	{Variant{NoRoot: true}, "socket", [6]uint64{unix.AF_UNIX, unix.SOCK_STREAM | unix.SOCK_CLOEXEC}, Errno(unix.EAFNOSUPPORT)},
	{Variant{NoRoot: true}, "socketpair", [6]uint64{unix.AF_UNIX, unix.SOCK_DGRAM | unix.SOCK_NONBLOCK}, Errno(unix.EAFNOSUPPORT)},
	{Variant{NoPids: true}, "prlimit64", [6]uint64{77, unix.RLIMIT_NOFILE, bad, 0}, eperm},
	{Variant{NoPids: true}, "setpriority", [6]uint64{unix.PRIO_PROCESS, 77, 5}, eperm},
	{Variant{NoPids: true}, "ioprio_set", [6]uint64{ioprioProcess, 77, 2 << 13}, eperm},
	{Variant{NoPids: true}, "sched_setaffinity", [6]uint64{77, 8, bad}, eperm},
	{Variant{NoPids: true}, "sched_setscheduler", [6]uint64{77, unix.SCHED_IDLE, bad}, eperm},
	{Variant{NoPids: true}, "sched_setparam", [6]uint64{77, bad}, eperm},
	{Variant{NoPids: true}, "prctl", [6]uint64{unix.PR_SET_PDEATHSIG, 0}, eperm},
	{Variant{NoIPC: true}, "shmget", [6]uint64{1, 1, 0}, Errno(unix.ENOSYS)},
	{Variant{NoIPC: true}, "msgrcv", [6]uint64{1, bad, 1, 0, 0}, Errno(unix.ENOSYS)},
	{Variant{NoIPC: true}, "mq_open", [6]uint64{bad, 0, 0, 0}, Errno(unix.ENOSYS)},
}

func TestWithoutNamespacesTheFilterGuardsWhatIsTheHosts(t *testing.T) {
	every := Variant{Shared: true, PinCores: true, NoNetwork: true, NoRoot: true, NoPids: true, NoIPC: true}
	for _, h := range hosts {
		if lacks(h.call) {
			continue
		}
		nr, _ := Number(h.call)
		d := Data{Nr: int32(nr), Arch: NativeArch, Args: h.args}
		if got := Reference(DefaultRules(), d); got.Kind != KindAllow {
			t.Errorf("%s is refused anyway: %v", h.call, got)
		}
		for _, v := range []Variant{h.v, every} {
			want := h.want
			if h.call == "sched_setaffinity" && v.PinCores {
				want = eperm
			}
			ret, _, err := Simulate(decode(v.Bytes(Options{Listener: true})), d)
			if err != nil || ret != want.Return(Options{Listener: true}) {
				t.Errorf("%s under %+v: %#x, %v, want %v", h.call, v, ret, err, want)
			}
		}
	}
}

func TestWithoutNamespacesAProgramStillHasItself(t *testing.T) {
	v := Variant{Shared: true, NoNetwork: true, NoRoot: true, NoPids: true, NoIPC: true}
	for call, args := range map[string][6]uint64{
		"prlimit64": {0, unix.RLIMIT_NOFILE, bad, 0}, "setpriority": {unix.PRIO_PROCESS, 0, 5}, "sched_setaffinity": {0, 8, bad},
		"socketpair": {unix.AF_UNIX, unix.SOCK_STREAM | unix.SOCK_CLOEXEC}, "inotify_init1": {}, "mkdir": {bad, 0o700}, "openat": {bad, bad, unix.O_CREAT, 0o644},
	} {
		if lacks(call) {
			continue
		}
		nr, _ := Number(call)
		d := Data{Nr: int32(nr), Arch: NativeArch, Args: args}
		ret, _, err := Simulate(decode(v.Bytes(Options{})), d)
		if err != nil || ret != Allow().Return(Options{}) {
			t.Errorf("%s: %#x, %v", call, ret, err)
		}
	}
}
