package kernels

import "context"

// AppArmor gives an unpacked apparmor_parser of version 4, the first that knows
// user namespaces, and the C library that it was made for.
func (c *Cache) AppArmor(ctx context.Context) (dir string, err error) {
	return c.packages(ctx, "apparmor", "apparmor/trixie", "libc6/trixie")
}
