package posture

import (
	"cmp"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// theCallers stands for a value that is the same outside.
const theCallers = "the caller's"

// Abstract makes a report comparable from run to run and from host to host. A
// value that is named after its likeness is compared with the caller's own.
func Abstract(r, callers Report) Report {
	a := Report{}
	for key, value := range r {
		a[key] = value
		for i := range abstractions {
			if abstractions[i].of(key) {
				a[key] = abstractions[i].as(value, callers[key])
				break
			}
		}
	}
	return a
}

// abstractions say which values are not told as they are. The first row that
// has the key decides.
var abstractions = []struct {
	of func(key string) bool
	as func(value, callers string) string
}{
	{Keys("id.pid", "id.ppid", "id.pgid", "id.sid", "status.NSpid", "status.NSsid", "proc.pids"), smallOr("a host's")},
	{Keys("clock."), clock},
	{Keys("status.SigQ"), func(v, _ string) string { _, bound, _ := strings.Cut(v, "/"); return "of " + bound }},
	{Keys("ns."), likeness("own")},
	{Keys("keyring.session"), keyring},
	{Keys("rlimit.as", "rlimit.cpu", "rlimit.data", "rlimit.fsize", "rlimit.locks", "rlimit.nproc", "rlimit.rss", "rlimit.rttime"), inheritedOr},
	{Keys("status.Cpus_allowed_list", "status.Mems_allowed_list", "self.loginuid"), inheritedOr},
	{Keys("nice"), inheritedOr},
	{Keys("self.cgroup"), cgroupPath},
	{Keys("self.uid_map", "self.gid_map"), idMap},
	{Keys("self.timens_offsets"), offsets},
	{Keys("fd."), func(v, _ string) string { return WithoutInodes(v) }},
	{Keys("env."), cpus},
	{Keys("mount."), mountLine},
}

// Keys matches the named keys; one that ends in a dot, all below it.
func Keys(names ...string) func(string) bool {
	return func(key string) bool {
		return slices.ContainsFunc(names, func(n string) bool {
			return key == n || strings.HasSuffix(n, ".") && strings.HasPrefix(key, n)
		})
	}
}

// smallOr keeps numbers that a young pid namespace has.
func smallOr(else_ string) func(string, string) string {
	return func(v, _ string) string {
		if n, err := strconv.Atoi(v); err == nil && n < 10 {
			return v
		}
		return else_
	}
}

func likeness(own string) func(string, string) string {
	return func(v, callers string) string { return cmp.Or(map[bool]string{v == callers: theCallers}[true], own) }
}

func inheritedOr(v, callers string) string {
	if v == callers {
		return theCallers
	}
	return v
}

// keyring tells keyrings apart, and keeps an error.
func keyring(v, callers string) string {
	if _, err := strconv.Atoi(v); err != nil {
		return v
	}
	return likeness("own")(v, callers)
}

func clock(v, _ string) string {
	if n, err := strconv.Atoi(v); err == nil && n < 10 {
		return "just started"
	}
	return "the machine's"
}

func offsets(v, _ string) string {
	if strings.Contains(v, "-") {
		return "set back"
	}
	return "none"
}

// cgroupPath is the path in all hierarchies, if it is one.
func cgroupPath(v, _ string) string {
	paths := map[string]bool{}
	for _, f := range strings.Fields(v) {
		if parts := strings.SplitN(f, ":", 3); len(parts) == 3 {
			paths[parts[2]] = true
		}
	}
	if len(paths) == 1 && paths["/"] {
		return "/"
	}
	return "a host's"
}

func idMap(v, _ string) string {
	f := strings.Fields(v)
	for i := range f {
		if n, err := strconv.ParseUint(f[i], 10, 64); err == nil && n > 60000 {
			f[i] = "HOST"
		}
	}
	return strings.Join(f, " ")
}

func cpus(v, _ string) string {
	n := strconv.Itoa(runtime.NumCPU())
	if v == n {
		return "CPUS"
	}
	return strings.Replace(v, "ActiveProcessorCount="+n, "ActiveProcessorCount=CPUS", 1)
}

var (
	inode   = regexp.MustCompile(`\[\d+\]`)
	layerNo = regexp.MustCompile(`lowerdir=l\d+:e`)
	noise   = regexp.MustCompile(`,(redirect_dir|index|metacopy|xino|uuid|inode64|inode32|userxattr|nouserxattr|size=\d+k,nr_inodes=\d+|verity)(=\w+)?\b`)
	hostID  = regexp.MustCompile(`\b(uid|gid)=\d{5,}`)
)

// mountLine leaves out what a kernel's configuration adds, and the host's ids.
func mountLine(v, _ string) string {
	v = hostID.ReplaceAllString(layerNo.ReplaceAllString(v, "lowerdir=lN:e"), "$1=HOST")
	if strings.Contains(v, " from devtmpfs,") {
		v, _, _ = strings.Cut(v, ", super ")
		return v
	}
	before, super, _ := strings.Cut(v, ", super ")
	if strings.HasPrefix(before, "overlay ") {
		super = noise.ReplaceAllString(super, "")
	}
	return before + ", super " + strings.NewReplacer(",inode64", "", ",inode32", "").Replace(super)
}

// WithoutInodes replaces the number in what a descriptor's link says: pipe:[123].
func WithoutInodes(link string) string { return inode.ReplaceAllString(link, "[N]") }

// Changed lists the keys whose values differ, and what they were and are.
func Changed(before, after Report) map[string]string {
	d := map[string]string{}
	for key, v := range before {
		if w, ok := after[key]; !ok {
			d[key] = v + " -> (none)"
		} else if v != w {
			d[key] = v + " -> " + w
		}
	}
	for key, w := range after {
		if _, ok := before[key]; !ok {
			d[key] = "(none) -> " + w
		}
	}
	return d
}
