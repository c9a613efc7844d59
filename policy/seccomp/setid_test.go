package seccomp

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestSharedRulesRefuseEverySetIDMode(t *testing.T) {
	const create = unix.O_CREAT | unix.O_WRONLY
	refused := Errno(unix.EPERM)
	cases := []struct {
		call string
		args [6]uint64
		want Action
	}{
		{"chmod", [6]uint64{0, 0o4755}, refused},
		{"chmod", [6]uint64{0, 0o755}, Allow()},
		{"chmod", [6]uint64{0, 0o1777}, Allow()},
		{"fchmod", [6]uint64{0, 0o2755}, refused},
		{"fchmodat", [6]uint64{0, 0, 0o6755}, refused},
		{"fchmodat2", [6]uint64{0, 0, 0o4000}, refused},
		{"creat", [6]uint64{0, 0o4755}, refused},
		{"open", [6]uint64{0, create, 0o4755}, refused},
		{"open", [6]uint64{0, unix.O_RDONLY, 0o4755}, Allow()},
		{"openat", [6]uint64{0, 0, create, 0o2755}, refused},
		{"openat", [6]uint64{0, 0, unix.O_TMPFILE | unix.O_WRONLY, 0o4755}, refused},
		{"openat", [6]uint64{0, 0, unix.O_DIRECTORY, 0o4755}, Allow()},
		{"openat", [6]uint64{0, 0, create, 0o644}, Allow()},
		{"mknod", [6]uint64{0, unix.S_IFREG | 0o4755}, refused},
		{"mknodat", [6]uint64{0, 0, unix.S_IFREG | 0o2755}, refused},
		{"mknodat", [6]uint64{0, 0, unix.S_IFIFO | 0o600}, Allow()},
		{"openat2", [6]uint64{}, Errno(unix.ENOSYS)},
	}
	r := Variant{Shared: true}.Rules()
	for _, c := range cases {
		if lacks(c.call) {
			continue
		}
		nr, _ := Number(c.call)
		d := Data{Nr: int32(nr), Arch: NativeArch, Args: c.args}
		if got := Reference(r, d); got != c.want {
			t.Errorf("%s %o: %v, want %v", c.call, c.args, got, c.want)
		}
		for _, o := range []Options{{}, {Listener: true}} {
			ret, _, err := Simulate(decode(Variant{Shared: true}.Bytes(o)), d)
			if err != nil || ret != c.want.Return(o) {
				t.Errorf("compiled %s %o: %#x, %v", c.call, c.args, ret, err)
			}
		}
	}
}
