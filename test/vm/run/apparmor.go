package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/jailrun/jail/test/vm/cpio"
)

// runParser starts the parser by its own loader: the guest has no C library.
const runParser = `#!/bin/sh
exec /opt/apparmor/ld.so --library-path /opt/apparmor /opt/apparmor/apparmor_parser --config-file /dev/null --base /etc/apparmor.d --skip-cache "$@"
`

// addAppArmor adds the parser of profiles, and what these include.
func (g *guest) addAppArmor(ctx context.Context) error {
	if !g.o.apparmor {
		return nil
	}
	tree, err := g.cache.AppArmor(ctx)
	if err != nil {
		return err
	}
	g.files = append(g.files, cpio.Entry{Path: "opt/apparmor/parser", Kind: cpio.File, Perm: 0o755, Data: []byte(runParser)})
	errs := []error{
		g.addFile("opt/apparmor/apparmor_parser", filepath.Join(tree, "usr/sbin/apparmor_parser")),
		g.addTree("etc/apparmor.d/abi", filepath.Join(tree, "etc/apparmor.d/abi")),
		g.addOne("opt/apparmor/libc.so.6", tree, "lib/*/libc.so.6"),
		g.addOne("opt/apparmor/ld.so", tree, "lib/*/ld-linux-*.so.*"),
	}
	return errors.Join(errs...)
}
