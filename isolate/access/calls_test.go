package access

import (
	"encoding/binary"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// memory is a program's, with texts at addresses.
type memory map[uint64]string

func (m memory) Read(p []byte, addr uint64) int { return copy(p, m[addr]) }

func TestCallsNameTheirFiles(t *testing.T) {
	how := binary.NativeEndian.AppendUint64(nil, unix.O_RDWR|unix.O_CREAT)
	socket := append(binary.NativeEndian.AppendUint16(nil, unix.AF_UNIX), "/run/s\x00"...)
	m := memory{1: "/a\x00rest", 2: "b\x00", 3: "\x00", 4: "no end", 5: string(how), 6: string(socket), 7: "\x02\x00\x00\x50\x7f\x00\x00\x01"}
	at := uint64(1<<64 - 100) // AT_FDCWD
	for _, c := range []struct {
		call string
		args [6]uint64
		want []Want
	}{
		{"open", [6]uint64{1, unix.O_RDONLY}, []Want{{unix.AT_FDCWD, "/a", Read}}},
		{"openat", [6]uint64{at, 1, unix.O_WRONLY | unix.O_CREAT | unix.O_TRUNC}, []Want{{unix.AT_FDCWD, "/a", Write | Create}}},
		{"openat", [6]uint64{9, 2, unix.O_PATH | unix.O_NOFOLLOW}, []Want{{9, "b", NoLink}}},
		{"openat2", [6]uint64{9, 2, 5, 24}, []Want{{9, "b", Read | Write | Create}}},
		{"openat2", [6]uint64{9, 2, 99, 24}, nil},
		{"newfstatat", [6]uint64{9, 3, 0, unix.AT_EMPTY_PATH}, nil},
		{"lstat", [6]uint64{1}, []Want{{unix.AT_FDCWD, "/a", NoLink}}},
		{"faccessat", [6]uint64{at, 1, unix.R_OK | unix.X_OK}, []Want{{unix.AT_FDCWD, "/a", Read | Exec}}},
		{"renameat2", [6]uint64{at, 1, 9, 2}, []Want{{unix.AT_FDCWD, "/a", Remove | NoLink}, {9, "b", Create | NoLink}}},
		{"symlinkat", [6]uint64{1, 9, 2}, []Want{{9, "b", Create | NoLink}}},
		{"execve", [6]uint64{1}, []Want{{unix.AT_FDCWD, "/a", Exec}}},
		{"connect", [6]uint64{3, 6, 9}, []Want{{unix.AT_FDCWD, "/run/s", Write}}},
		{"connect", [6]uint64{3, 7, 8}, nil},
		{"connect", [6]uint64{3, 6, 1 << 40}, nil},
		{"chdir", [6]uint64{4}, nil},
		{"chdir", [6]uint64{0}, nil},
		{"read", [6]uint64{0, 1, 5}, nil},
	} {
		if got := Wants(c.call, c.args, m); !slices.Equal(got, c.want) {
			t.Errorf("%s %v: %+v, want %+v", c.call, c.args, got, c.want)
		}
	}
}

func TestHintsShowAPackageAndNoSecret(t *testing.T) {
	for name, want := range map[string]string{
		"/opt/jdk/bin/java": "/opt/jdk", "/etc/java-17/x/y": "/etc/java-17", "/home/u/p/f": "/home/u/p", "/home/u/.profile": "/home/u/.profile",
		"/data": "/data", "/srv/a/b": "/srv/a", "/usr/share/x/y": "/usr/share/x",
		"/home/u/.config/f": "/home/u/.config/f", "/home/u/.config/app/f": "/home/u/.config/app", "/etc/ssl/f": "/etc/ssl/f", "/root": "/root",
	} {
		if got := Folder(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	for name, want := range map[string]bool{
		"/etc/shadow": true, "/home/u/.ssh/id_rsa": true, "/root/.aws": true, "/run/docker.sock": true, "/etc/../etc/ssh/x": true,
		"/etc/shadows": false, "/home/u/ssh": false, "/opt/a.ssh/b": false,
	} {
		if got := Secret(name) != ""; got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
