package kernels

import (
	"context"
	"os"
	"path/filepath"
)

// E2fsprogs gives an unpacked mke2fs, and the libraries that it was made for.
func (c *Cache) E2fsprogs(ctx context.Context) (dir string, err error) {
	dir = filepath.Join(c.dir, "e2fsprogs")
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	return dir, c.unpack(ctx, dir, []string{"e2fsprogs/bookworm", "libext2fs2/bookworm", "libcom-err2/bookworm", "libblkid1/bookworm", "libuuid1/bookworm", "libc6/bookworm"})
}
