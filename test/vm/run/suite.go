package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jailrun/jail/test/vm/job"
)

// part is the tests of one package, or one shell line, in each boot.
type part struct {
	name     string            // as reports have it; "" is the package's or the line's own
	pkg      string            // the package whose tests are run,
	tests    string            // those of them that match, as of go test; "" is all,
	skip     string            // but those that match this,
	line     string            // or the shell line
	root     bool              // for root alone
	cgroups  []job.Cgroups     // in boots of these alone; nil is every one
	settings map[string]string // switches below /proc/sys
}

// noUserNS is a host that forbids user namespaces: Debian's own switch, which
// binds ordinary users, and the kernel's, which binds root too.
var noUserNS = map[string]string{"kernel/unprivileged_userns_clone": "0", "user/max_user_namespaces": "0"}

// hugePages is a pool of them, which is empty without.
var hugePages = map[string]string{"vm/nr_hugepages": "12"}

var v2 = []job.Cgroups{job.CgroupsV2}

// keeps are tests that make hundreds of groups, to see what is left of them: the
// host's kernel shows it as well. onPages are those of the docs, which a guest has
// not.
const (
	keeps   = "TheKernelKeepsNothing|WhileItIsTakenForLeftBehind"
	onPages = "Docs"
)

// always are the parts that tell what a kernel gives, and that jail holds what
// it says of itself there.
var always = []part{
	{name: "facts", line: ". /usr/lib/session.sh; facts"},
	{name: "doctor", line: "doctor doctor.json"},
	{name: "doctor without user_ns", line: "doctor doctor-no-userns.json", settings: noUserNS, cgroups: v2},
	{name: "walls", pkg: "./test/vm/guest", skip: "WithoutUserNamespaces|Audit", cgroups: v2},
	{name: "walls without user_ns", pkg: "./test/vm/guest", tests: "WithoutUserNamespaces", settings: noUserNS, cgroups: v2},
	{name: "limits", line: "limits"},
	{pkg: "./test/limits", settings: hugePages},
	{name: "clock", line: "clock", root: true, cgroups: v2},
	{pkg: "./test/oracle", root: true},
}

// short is what fits five kernels in some minutes: of each package the tests
// that the kernel decides, and not those that only compute.
var short = append(slices.Clip(always), []part{
	{pkg: "./isolate/cgroup", skip: keeps + "|" + onPages},
	{pkg: "./isolate", tests: "Posture|Deaths|VerifyFull|PidsLimit|Writable|Tmpfs|AKilledSupervisor|AChildOutOfMemory|BothStreams|Image|AState|FullState|LaidOut|HostsView|RootInside|LinkInAState|CopiedIn|CopiedWhile|RootIsProved|ManyLayers", cgroups: v2},
	{pkg: "./isolate/notify", cgroups: v2},
	{pkg: "./policy/seccomp", tests: "Kernel|Listener|Lease|Packets|SetID", cgroups: v2},
	{pkg: "./isolate/stage", tests: "Holder|Negative|ImageCannot|KernelsError", cgroups: v2},
	{name: "audit", pkg: "./test/vm/guest", tests: "Audit", root: true, cgroups: v2},
}...)

// long has every test that a guest can run: it has neither compilers nor the
// go command nor interpreters.
var long = append(slices.Clip(always), []part{
	{pkg: "./isolate/cgroup", skip: keeps + "|" + onPages},
	{pkg: "./isolate", cgroups: v2},
	{pkg: "./isolate/notify", cgroups: v2},
	{pkg: "./policy/seccomp", skip: "RealPrograms|PackageRunsNothing", cgroups: v2},
	{pkg: "./isolate/stage", cgroups: v2},
	{pkg: "./isolate/watch", cgroups: v2},
	{name: "audit", pkg: "./test/vm/guest", tests: "Audit", root: true, cgroups: v2},
}...)

// parts are those of the suite, or what other flags name.
func (o *options) parts() ([]part, error) {
	switch o.suite {
	case "short":
		return short, nil
	case "long":
		return long, nil
	case "":
	default:
		return nil, fmt.Errorf("there is no suite %q: short or long", o.suite)
	}
	var list []part
	for _, pkg := range strings.FieldsFunc(o.packages, func(r rune) bool { return r == ',' }) {
		list = append(list, part{pkg: pkg, tests: o.run, skip: o.skip})
	}
	for _, line := range o.commands {
		list = append(list, part{line: line})
	}
	return list, nil
}

// in says whether the part belongs to a boot.
func (p *part) in(c job.Cgroups) bool { return p.cgroups == nil || slices.Contains(p.cgroups, c) }

// title is the part's name in reports.
func (p *part) title() string {
	switch {
	case p.name != "":
		return p.name
	case p.line != "":
		return p.line
	}
	return packageName(p.pkg)
}
