package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/jailrun/jail/test/vm/cpio"
)

// runMaker starts mkfs.ext4 by its own loader: the guest has no C library.
const runMaker = `#!/usr/bin/sh
exec /opt/e2fsprogs/ld.so --library-path /opt/e2fsprogs /opt/e2fsprogs/mkfs.ext4 "$@"
`

// makerLibraries are what it is linked with.
var makerLibraries = []string{"libext2fs.so.2", "libcom_err.so.2", "libblkid.so.1", "libuuid.so.1", "libe2p.so.2", "libc.so.6"}

// addMaker adds what makes the file systems of states.
func (g *guest) addMaker(ctx context.Context) error {
	tree, err := g.cache.E2fsprogs(ctx)
	if err != nil {
		return err
	}
	g.files = append(g.files, cpio.Entry{Path: "usr/sbin/mkfs.ext4", Kind: cpio.File, Perm: 0o755, Data: []byte(runMaker)})
	errs := []error{g.addOne("opt/e2fsprogs/mkfs.ext4", tree, "sbin/mke2fs"), g.addOne("opt/e2fsprogs/ld.so", tree, "lib/*/ld-linux-*.so.*")}
	for _, l := range makerLibraries {
		errs = append(errs, g.addOne("opt/e2fsprogs/"+l, tree, "lib/*/"+l))
	}
	return errors.Join(errs...)
}

// addOne adds the file of a tree that a pattern finds, in / or in /usr.
func (g *guest) addOne(at, tree, pattern string) error {
	for _, in := range []string{"", "usr"} {
		found, err := filepath.Glob(filepath.Join(tree, in, pattern))
		if err != nil {
			return err
		}
		if len(found) > 0 {
			return g.addFile(at, found[0])
		}
	}
	return errors.New(pattern + " is missing in " + tree)
}
