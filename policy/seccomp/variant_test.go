package seccomp

import (
	"testing"

	"golang.org/x/sys/unix"
)

// all are the variants of the filter.
var all = map[string]Variant{
	"default": {}, "shared": {Shared: true}, "pinned": {PinCores: true}, "shared and pinned": {Shared: true, PinCores: true},
}

func TestVariantsBytesAreWhatTheCompilerMakesOfTheirRules(t *testing.T) {
	for name, v := range all {
		for _, o := range variants {
			prog := compile(t, v.Rules(), o)
			if string(Bytes(prog)) != v.Bytes(o) {
				t.Errorf("%s, %+v: compiled.go is not current: run go generate", name, o)
			}
			inputs(v.Rules(), func(d Data) {
				if got, want := simulate(t, prog, d), Reference(v.Rules(), d).Return(o); got != want {
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
			d := Data{Nr: int32(nr), Arch: unix.AUDIT_ARCH_X86_64, Args: [6]uint64{family, unix.SOCK_STREAM}}
			ret, _, err := Simulate(prog, d)
			if err != nil || ret != want.Return(Options{Listener: true}) || Reference(v.Rules(), d) != want {
				t.Errorf("%+v, family %d: %#x, %v", v, family, ret, err)
			}
		}
	}
}
