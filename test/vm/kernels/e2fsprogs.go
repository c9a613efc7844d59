package kernels

import "context"

// E2fsprogs gives an unpacked mke2fs, and the libraries that it was made for.
func (c *Cache) E2fsprogs(ctx context.Context) (dir string, err error) {
	return c.packages(ctx, "e2fsprogs", "e2fsprogs/bookworm", "libext2fs2/bookworm", "libcom-err2/bookworm", "libblkid1/bookworm", "libuuid1/bookworm", "libc6/bookworm")
}
