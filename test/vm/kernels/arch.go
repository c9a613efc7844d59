package kernels

import (
	"path/filepath"
	"regexp"
	"strings"
)

// native is the architecture of the Matrix, by Debian's name, which is Go's too.
const native = "amd64"

// OpenFor makes or opens a cache of another architecture's packages, in a folder
// of its own below dir.
func OpenFor(dir, arch string) (*Cache, error) {
	if arch == native {
		return Open(dir)
	}
	c, err := Open(filepath.Join(dir, arch))
	if err != nil {
		return nil, err
	}
	c.arch = arch
	return c, nil
}

// Arch is the architecture whose packages the cache holds.
func (c *Cache) Arch() string {
	if c.arch == "" {
		return native
	}
	return c.arch
}

// pattern is the name of a kernel's package for the cache's architecture.
func (c *Cache) pattern(k Kernel) *regexp.Regexp {
	return regexp.MustCompile(strings.ReplaceAll(k.match, native, c.Arch()))
}

// built says what a tree was built for.
func (c *Cache) built(t Tree) Tree {
	t.Arch = c.Arch()
	return t
}
