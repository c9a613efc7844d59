package main

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/jailrun/jail/test/vm/cpio"
)

// left are the folders of Debian's packages that no test needs.
var left = []string{"usr/share/", "usr/lib/x86_64-linux-gnu/perl", "usr/lib/x86_64-linux-gnu/gconv/", "usr/lib/locale/", "var/lib/dpkg/", "boot/", "dev/", "proc/", "sys/", "run/", "tmp/"}

// kept are those of them that are needed all the same.
const kept = "usr/share/dbus-1/"

// logInFiles are what the packages' own scripts would have made: users, and how
// they log in. Anybody may, without a password.
var logInFiles = map[string]string{
	"etc/passwd":                              accounts["etc/passwd"] + "messagebus:x:101:101::/nonexistent:/bin/false\n",
	"etc/group":                               accounts["etc/group"] + "messagebus:x:101:\ntty:x:5:\n",
	"etc/shadow":                              "root::1::::::\nuser::1::::::\n",
	"etc/machine-id":                          "0123456789abcdef0123456789abcdef\n",
	"etc/pam.d/common-auth":                   "auth required pam_permit.so\n",
	"etc/pam.d/common-account":                "account required pam_permit.so\n",
	"etc/pam.d/common-password":               "password required pam_permit.so\n",
	"etc/pam.d/common-session":                "session required pam_permit.so\nsession optional pam_systemd.so\n",
	"etc/pam.d/common-session-noninteractive": "session required pam_permit.so\n",
	"etc/systemd/system/jobs.service":         jobsUnit,
	"etc/systemd/system/default.target":       "[Unit]\nRequires=basic.target jobs.service\nAfter=basic.target\nAllowIsolate=yes\n",
}

// jobsUnit starts vminit once a user could log in.
const jobsUnit = `[Unit]
Requires=dbus.socket systemd-logind.service systemd-user-sessions.service
After=basic.target dbus.socket systemd-logind.service systemd-user-sessions.service
[Service]
Type=oneshot
ExecStart=/init
TimeoutStartSec=infinity
StandardOutput=null
StandardError=null
`

// addSystemd makes the guest a Debian host. Its own programs go before busybox's.
func (g *guest) addSystemd(ctx context.Context) error {
	if !g.o.systemd {
		return nil
	}
	tree, err := g.cache.Systemd(ctx)
	if err != nil {
		return err
	}
	if err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return g.addOfTree(strings.TrimPrefix(path, tree+"/"), path, d)
	}); err != nil {
		return err
	}
	for name, text := range logInFiles {
		g.files = append(g.files, cpio.Entry{Path: name, Kind: cpio.File, Perm: 0o644, Data: []byte(text)})
	}
	return nil
}

// addOfTree adds a file at its place of a merged /usr.
func (g *guest) addOfTree(at, host string, d fs.DirEntry) error {
	first, _, _ := strings.Cut(at, "/")
	if to, merged := links[first]; merged {
		at = to + strings.TrimPrefix(at, first)
	}
	for _, l := range left {
		if strings.HasPrefix(at, l) && !strings.HasPrefix(at, kept) {
			return nil
		}
	}
	switch {
	case d.Type() == fs.ModeSymlink:
		to, err := os.Readlink(host)
		g.files = append(g.files, cpio.Entry{Path: at, Kind: cpio.Symlink, Perm: 0o777, Data: []byte(to)})
		return err
	case d.Type().IsRegular():
		return g.addFile(at, host)
	}
	return nil
}
