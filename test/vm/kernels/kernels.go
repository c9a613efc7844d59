// Package kernels brings Debian's cloud kernels, and the few other packages
// that a guest needs, to a cache folder. It asks apt by folders of its own, so
// that the host's apt configuration and lists stay as they are.
package kernels

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Kernel is a row of the matrix.
type Kernel struct {
	Series string // as users name it: "6.1"
	Why    string // what it is in the matrix for
	suite  string
	match  string // of the package that holds vmlinuz
}

// Matrix is every kernel that the tests may boot, oldest first.
var Matrix = []Kernel{
	{"5.10", "no Landlock, no overlay in a user namespace, no mount_setattr, no cgroup.kill", "bullseye-security", `^linux-image-5\.10\.[0-9].*-cloud-amd64$`},
	{"6.1", "Landlock ABI 2", "bookworm-security", `^linux-image-6\.1\.[0-9].*-cloud-amd64$`},
	{"6.12", "Landlock ABI 6, no v1 memory and cpuset", "bookworm-backports", `^linux-image-6\.12\.[0-9].*-cloud-amd64$`},
	{"6.18", "Landlock ABI 7", "trixie-backports", `^linux-image-6\.18\.[0-9].*-cloud-amd64$`},
	{"7.3", "the newest", "trixie-backports", `^linux-image-7\.3\.[0-9].*-cloud-amd64$`},
}

// Find gives the rows of the named series, in the matrix's order.
func Find(series []string) ([]Kernel, error) {
	var found []Kernel
	for _, k := range Matrix {
		for _, s := range series {
			if s == k.Series {
				found = append(found, k)
			}
		}
	}
	if len(found) != len(series) {
		return nil, &Error{Op: "find", Object: strings.Join(series, ","), Err: os.ErrNotExist, Hint: "known series are those of kernels.Matrix"}
	}
	return found, nil
}

// Tree is an unpacked kernel.
type Tree struct {
	Kernel
	Arch    string // as Go names it
	Release string // as uname -r
	Image   string // path of vmlinuz
	Modules string // path of lib/modules/RELEASE
}

// Error is a package that could not be had.
type Error struct {
	Op     string
	Object string
	Err    error
	Hint   string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s %s: %v: %s", e.Op, e.Object, e.Err, e.Hint)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Fetch gives the newest package of a series, from the cache when it is there.
func (c *Cache) Fetch(ctx context.Context, k Kernel) (Tree, error) {
	dir := filepath.Join(c.dir, "linux-"+k.Series)
	if t, err := tree(k, dir); err == nil {
		return c.built(t), nil
	}
	names, err := c.search(ctx, k.suite, c.pattern(k))
	if err != nil {
		return Tree{}, err
	}
	if err := c.unpack(ctx, dir, parts(names[len(names)-1])...); err != nil {
		return Tree{}, err
	}
	t, err := tree(k, dir)
	return c.built(t), err
}

// Busybox gives the path of a static busybox.
func (c *Cache) Busybox(ctx context.Context) (string, error) {
	dir := filepath.Join(c.dir, "busybox")
	path := filepath.Join(dir, "bin/busybox")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := c.unpack(ctx, dir, []string{"busybox-static/bookworm"}); err != nil {
		return "", err
	}
	return path, nil
}

// parts lists the sets of packages that a kernel may be made of: one, and from
// 7.x on an empty one beside two others.
func parts(image string) [][]string {
	rest := strings.TrimPrefix(image, "linux-image-")
	return [][]string{{"linux-binary-" + rest, "linux-modules-" + rest}, {image}}
}

// tree finds the parts in an unpacked folder; since 7.x the image lies beside
// the modules.
func tree(k Kernel, dir string) (Tree, error) {
	for _, lib := range []string{"lib", "usr/lib"} {
		found, _ := filepath.Glob(filepath.Join(dir, lib, "modules/*"))
		for _, modules := range found {
			release := filepath.Base(modules)
			for _, image := range []string{filepath.Join(dir, "boot/vmlinuz-"+release), filepath.Join(modules, "vmlinuz")} {
				if _, err := os.Stat(image); err == nil {
					return Tree{Kernel: k, Release: release, Image: image, Modules: modules}, nil
				}
			}
		}
	}
	return Tree{}, &Error{Op: "open kernel", Object: dir, Err: os.ErrNotExist, Hint: "remove the folder and try again"}
}
