package kernels

import (
	"context"
	"os"
	"path/filepath"
)

// AppArmor gives an unpacked apparmor_parser of version 4, the first that knows
// user namespaces, and the C library that it was made for.
func (c *Cache) AppArmor(ctx context.Context) (dir string, err error) {
	dir = filepath.Join(c.dir, "apparmor")
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	return dir, c.unpack(ctx, dir, []string{"apparmor/trixie", "libc6/trixie"})
}
