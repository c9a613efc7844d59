package cgroup

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jailrun/jail/test/docpage"
)

const page = "../../docs/limits.md"

const preface = `# Limits and where they are held

<!-- Printed from the tables of isolate/cgroup: go test ./isolate/cgroup -run Docs -update -->

A limit of all processes together is a file of the jail's own cgroup, which the kernel holds and jail reads back (` + "`enforced.cgroup`" + ` of the [result](result.md)). The same limit has another file on cgroup v1 than on v2; a host may have controllers of both. A limit that is asked for and that the host's groups can't hold ends the launch with an error that names it, the cause and the mend, unless ` + "`--try cgroup`" + ` says to go on without. What an ordinary user gets without groups of his own is in the README.

Limits of each process (stack, open files, size of a file) are resource limits, getrlimit(2); those of time and output are watched by jail; that of the disk is the size of a file system.
`

const afterLimits = `
Block devices are whole disks: a part of one stands for its disk, a folder for the disk it lies on, and a limit that names none is for every disk that there is when the jail starts. What never reaches a disk, a file in the page cache or in ` + "`/box`" + `, ` + "`/tmp`" + ` and ` + "`/dev/shm`" + `, is no traffic; it counts as memory.

On v2 the jail's group has two below it, one for jail's own init and one for the program: limits are the program's, but weights, which count beside other groups, are of the one above.

On v2 the kernel charges what is written back later to the group in which the file's inode came into memory first. Bytes that a jail writes to a file which was made outside it may so be partly another group's, until the kernel has seen who writes.

## Groups of jails

` + "`jail exec --group NAME`" + ` makes a jail a member of a group, ` + "`jail group set NAME`" + ` limits one as a whole; NAME/NAME is a group in a group, under the limits of both. A group is the directory ` + "`jail-set-NAME`" + ` beside the jails' own, in each hierarchy that a limit needs.

- ` + "`set`" + ` sets all that it names, or nothing where one of it is refused; what it does not name stays as it is. Swap is none beside the group's first limit of memory, and goes with it.
- A limit holds members that run already, and those that are being launched.
- A member that asks for more memory, tasks or bandwidth than its group has is refused, and a default is lowered to that. One for which a full group has no task left is refused.
- Where the group is out of memory the kernel ends one member, whose result names the group (` + "`evidence.memory_group`" + `); the others go on.
- v1 can't limit a group's traffic with block devices, nor give it less CPU time than a member was given for itself.
- A group that was set stays until ` + "`jail group remove`" + `; another goes with its last member, or by ` + "`jail gc`" + `.
- ` + "`jail group kill`" + ` ends the members' programs by SIGKILL. Their supervisors tell of it as of any signal.

## What is measured

| figure | v1 | v2 |
|---|---|---|
`

func TestDocsArePrintedFromTheTables(t *testing.T) {
	docpage.Hold(t, page, document(), "go test ./isolate/cgroup -run Docs -update")
}

func document() string {
	var b strings.Builder
	b.WriteString(preface + "\n| limit | v1 controller: file | v2 controller: file | at the bound |\n|---|---|---|---|\n")
	for _, r := range rows {
		text := r.holds
		if r.v1 == "" && r.lack != "" {
			text += "; " + r.lack
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.limit, on(r.controller, r.v1), on(v2Name(r.controller), r.v2), text)
	}
	b.WriteString(afterLimits)
	for f, names := range files {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", figures[f], on(names.controller, names.v1), on(v2Name(names.controller), names.v2))
	}
	return b.String()
}

func on(controller, file string) string {
	switch {
	case file == "":
		return "–"
	case controller == "":
		return "`" + file + "`"
	}
	return controller + ": `" + file + "`"
}

func v2Name(v1 string) string {
	for _, c := range controllers {
		if c.v1 == v1 {
			return c.v2
		}
	}
	return ""
}

// figures say what each file tells.
var figures = [fileCount]string{
	fileCPU: "CPU time", fileUser: "of it in user mode", fileSystem: "of it in the kernel", fileThrottle: "held back by `cpu_max`",
	filePeak: "most memory at once", fileCurrent: "memory now", filePlusSwap: "most memory and swap at once", fileSwapPeak: "most swap at once",
	fileMemStat: "anonymous memory, page cache, shared memory", fileKernel: "memory of the kernel's for it", fileTCP: "buffers of TCP",
	fileOOM: "tasks killed for memory", fileAtLimit: "times at the memory limit", fileSwapAtLimit: "times at the limit of memory and swap",
	filePidsPeak: "most tasks at once", filePidsEvents: "forks refused", fileIOBytes: "bytes of block devices", fileIOOps: "operations of block devices",
}

// Every limit of a version has a file of it that the kernel can have.
func TestEveryRowSaysWhereItIsHeld(t *testing.T) {
	for _, r := range rows {
		if r.v1 == "" && r.v2 == "" || r.holds == "" || v2Name(r.controller) == "" && r.v2 != "" {
			t.Errorf("%s: %q, %q, %q", r.limit, r.v1, r.v2, r.holds)
		}
	}
	for f, what := range figures {
		if what == "" {
			t.Errorf("%s has no words", files[f].v2+files[f].v1)
		}
	}
}
