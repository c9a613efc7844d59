package main

import (
	"os"
	"runtime"
	"runtime/debug"

	"github.com/jailrun/jail/isolate/result"
)

// Both are set by the linker: -X main.version=v1.2.3 -X main.revision=0123456789ab.
var (
	version  = "devel"
	revision string
)

// versionCommand writes version, commit and compiler on one line.
func versionCommand(*request) int {
	line := "jail " + version + " (" + commit() + ", " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH + ")\n"
	if _, err := os.Stdout.WriteString(line); err != nil {
		complain(err)
		return result.StatusFailed
	}
	return 0
}

// commit is what the linker was told or the go command has stamped: a "+" marks
// uncommitted changes.
func commit() string {
	if revision != "" {
		return "commit " + revision
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "commit unknown"
	}
	id, dirty := "unknown", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			id = s.Value[:min(len(s.Value), 12)]
		case "vcs.modified":
			if s.Value == "true" {
				dirty = "+"
			}
		}
	}
	return "commit " + id + dirty
}
