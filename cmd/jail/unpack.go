package main

import (
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/rootfs/layer"
)

// unpackCommand is the process that jail starts for each archive, with no more rights
// than it takes.
func unpackCommand(r *request) int {
	if len(r.argv) != 1 {
		return result.StatusFailed
	}
	return layer.Serve(r.argv[0])
}
