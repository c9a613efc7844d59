// Containerprofile prints contrib/seccomp/jail.json: the profile that Docker
// gives a container when nobody asks for another, and the calls beside that a
// launch of jail needs.
//
//	go run -C tools ./containerprofile [-default]
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"

	"github.com/moby/profiles/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// calls are those of a launch that the default keeps to CAP_SYS_ADMIN, or to
// nobody. A test holds them to what plans have on their tapes.
var calls = []string{
	"clone", "clone3", "keyctl", "mount", "mount_setattr", "move_mount", "open_tree", "pivot_root",
	"setdomainname", "sethostname", "setns", "umount2", "unshare",
}

const comment = "What jail's launches need beyond Docker's default profile: namespaces, mounts in them, a session keyring."

func main() {
	plain := flag.Bool("default", false, "print Docker's own, for comparison")
	flag.Parse()
	p := seccomp.DefaultProfile()
	if !*plain {
		extend(p)
	}
	out, err := json.MarshalIndent(p, "", "\t")
	if err != nil {
		fmt.Fprintln(os.Stderr, "containerprofile:", err)
		os.Exit(1)
	}
	fmt.Println(string(out))
}

// extend takes our calls out of every rule that has a condition, since a filter
// can't hold two answers to one call, and puts a rule without any first.
func extend(p *seccomp.Seccomp) {
	var rules []*seccomp.Syscall
	for _, r := range p.Syscalls {
		r.Names = slices.DeleteFunc(r.Names, func(n string) bool { return slices.Contains(calls, n) })
		if len(r.Names) > 0 {
			rules = append(rules, r)
		}
	}
	own := &seccomp.Syscall{LinuxSyscall: specs.LinuxSyscall{Names: calls, Action: specs.ActAllow}, Comment: comment}
	p.Syscalls = append([]*seccomp.Syscall{own}, rules...)
}
