package kernels

import (
	"context"
	"os"
	"path/filepath"
)

// logins are the packages of a host on which a user can log in and has a manager
// of his own units; apt adds what they need.
var logins = []string{"systemd-sysv", "dbus-user-session", "libpam-systemd", "libpam-runtime", "login", "util-linux"}

// Systemd gives an unpacked Debian 12 with systemd. No script of a package has
// been run: what these would have made is for the caller to add.
func (c *Cache) Systemd(ctx context.Context) (dir string, err error) {
	dir = filepath.Join(c.dir, "systemd")
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := c.update(ctx); err != nil {
		return "", err
	}
	tmp, err := os.MkdirTemp(c.dir, "unpack-")
	if err != nil {
		return "", &Error{Op: "unpack", Object: dir, Err: err, Hint: "is the cache's disk full?"}
	}
	defer os.RemoveAll(tmp)
	if err := os.Mkdir(filepath.Join(tmp, "partial"), 0o755); err != nil {
		return "", err
	}
	// Nothing is installed, so that nobody's lock is needed.
	args := []string{"install", "-y", "-qq", "--download-only", "--no-install-recommends", "-t", "bookworm", "-o", "Dir::Cache::archives=" + tmp, "-o", "Debug::NoLocking=1"}
	if _, err := c.apt(ctx, tmp, "apt-get", append(args, logins...)...); err != nil {
		return "", err
	}
	if err := extract(ctx, tmp); err != nil {
		return "", err
	}
	return dir, os.Rename(filepath.Join(tmp, "tree"), dir)
}
