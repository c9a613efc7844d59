// Package job is what the host and the guest of a kernel test tell each other:
// a list of jobs in a file of the first root, and marker lines on a serial line.
package job

import (
	"fmt"
	"strings"
	"time"
)

// File is where the guest finds its Boot, as JSON.
const File = "/boot.json"

// Port is the guest's device for the markers and the jobs' output. The kernel's
// own messages go to another one, so that they can't cut a line in two.
const Port = "/dev/ttyS1"

// Disk is the guest's disk, DiskAt where it is mounted, and DiskData the file of
// the first root with what is on it.
const (
	Disk     = "/dev/nullb0"
	DiskAt   = "/disk"
	DiskData = "/disk.blocks"
)

// DiskBlock is the size of a block in DiskData, each after its number, four bytes
// with the least first; DiskSize is that of the disk. In bytes.
const (
	DiskBlock = 4096
	DiskSize  = 256 << 20
)

// Cgroups is how the guest mounts its control groups.
type Cgroups string

// The ways in which hosts are found to mount them.
const (
	CgroupsV2     Cgroups = "v2"     // cgroup2 at /sys/fs/cgroup
	CgroupsHybrid Cgroups = "hybrid" // v1 hierarchies, and cgroup2 at /sys/fs/cgroup/unified
	CgroupsNone   Cgroups = "none"   // none mounted
)

// Boot is all that a guest is to do.
type Boot struct {
	Cgroups Cgroups `json:"cgroups"`
	// Systemd has process 1 become systemd, which mounts the groups and starts the
	// jobs as a service, in no group but that.
	Systemd bool  `json:"systemd,omitempty"`
	Jobs    []Job `json:"jobs"`
}

// Job is one test binary for one user.
type Job struct {
	Name string   `json:"name"`
	UID  int      `json:"uid"` // also the gid
	Dir  string   `json:"dir"` // working folder
	Argv []string `json:"argv"`
	Env  []string `json:"env,omitempty"`
	// Settings are switches below /proc/sys, "user/max_user_namespaces", that
	// stand so while the job runs. One that the kernel lacks is an error.
	Settings map[string]string `json:"settings,omitempty"`
}

// Mark is a marker's first word; a test would have to mean it to print it.
const Mark = "##jail-vm"

// The markers.
const (
	Note  = "note"  // note TEXT: what the guest found
	Begin = "begin" // begin JOB
	End   = "end"   // end JOB STATUS MILLISECONDS
	Done  = "done"  // the guest will power off

	// A job prints these itself.
	Fact   = "fact"   // fact NAME VALUE: what it found the kernel to give
	Golden = "golden" // golden FILE LINE: a line of a file that is kept
)

// Result is how one job ended.
type Result struct {
	Job    int
	Status string // "exit 0", "signal 9", or why it did not start
	Took   time.Duration
}

// Passed tells whether the job's program said so.
func (r Result) Passed() bool { return r.Status == "exit 0" }

// FormatEnd is the marker line for a Result.
func FormatEnd(r Result) string {
	return fmt.Sprintf("%s %s %d %d %s", Mark, End, r.Job, r.Took.Milliseconds(), r.Status)
}

// ParseEnd reads a marker line back; it is false for any other line.
func ParseEnd(line string) (Result, bool) {
	var r Result
	var ms int64
	rest, ok := strings.CutPrefix(line, Mark+" "+End+" ")
	if !ok {
		return r, false
	}
	if _, err := fmt.Sscan(rest, &r.Job, &ms); err != nil {
		return r, false
	}
	r.Took = time.Duration(ms) * time.Millisecond
	parts := strings.SplitN(rest, " ", 3)
	r.Status = parts[len(parts)-1]
	return r, len(parts) == 3
}
