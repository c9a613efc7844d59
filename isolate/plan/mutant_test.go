package plan

import (
	"errors"
	"testing"

	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// mutant is a good plan that is about to be made a bad one, by its steps' names.
type mutant struct {
	*testing.T
	*Plan
}

func (m mutant) at(who tape.Proc, step string) int { return at(m.T, m.Plan, who, step) }

func (m mutant) op(who tape.Proc, step string) *tape.Op { return &m.Ops[m.at(who, step)] }

// drop puts a call that does nothing in a step's place.
func (m mutant) drop(who tape.Proc, step string) {
	i := m.at(who, step)
	m.Plan.Tape = m.Without(func(o tape.Op) bool { return o == m.Ops[i] })
}

// swap lets two steps change places.
func (m mutant) swap(who tape.Proc, a, b string) {
	i, j := m.at(who, a), m.at(who, b)
	m.Ops[i], m.Ops[j] = m.Ops[j], m.Ops[i]
}

// instead puts a copy of one step in the place of another.
func (m mutant) instead(who tape.Proc, old string, from tape.Proc, step string) {
	o := *m.op(from, step)
	o.Proc, o.Neg = who, m.op(who, old).Neg
	m.Ops[m.at(who, old)] = o
}

// withoutUserNS makes the plan anew for a kernel that has none.
func (m mutant) withoutUserNS() {
	*m.Plan = *compiled(m.T, with(true, try("user_ns"), func(in *Input) { in.Facts.UserNS = false }))
}

// labelOf finds a label that leads to an op.
func (m mutant) labelOf(i int) tape.Label {
	for l := range tape.Label(len(m.Ops)) {
		if m.Target(0, l) == i {
			return l
		}
	}
	m.Fatalf("no label leads to op %d", i)
	return 0
}

const (
	stage  = tape.Stage
	pid1   = tape.Init
	target = tape.Target
)

var mutants = []struct {
	name   string
	rule   Rule
	mutate func(mutant)
}{
	{"mkdir before the namespaces", S1, func(m mutant) { m.instead(stage, "close leaked", pid1, "mkdir root") }},
	{"mkdir before the staging directory is entered", S1, func(m mutant) { m.drop(pid1, "enter the staging") }},
	{"mkdir before the staging file system is mounted", S1, func(m mutant) { m.drop(pid1, "mount tmpfs"); m.swap(pid1, "mkdir root", "keep the staging") }},
	{"a namespace that isn't asked for", S1, func(m mutant) { m.Plan.Tape = compiled(m.T, with(true, off("ipc_ns"))).Tape }},
	{"kill -1 in the host's pid namespace", S1, func(m mutant) {
		m.Ops[m.at(stage, "close leaked")].Call, m.op(stage, "close leaked").Args = unix.SYS_KILL, [6]uint64{^uint64(0), uint64(unix.SIGKILL)}
	}},

	{"a device that is a peer of the host's", S2, func(m mutant) {
		m.Plan.Tape = m.WithWord(m.op(pid1, "set the mount attributes of /dev/null").Args[3]+16, 0)
	}},
	{"mounts not private", S2, func(m mutant) { m.drop(pid1, "make mounts private") }},
	{"mounts private after the first mount", S2, func(m mutant) { m.swap(pid1, "make mounts private", "mount tmpfs") }},
	{"mounts slave, not private", S2, func(m mutant) { m.op(pid1, "make mounts private").Args[3] = unix.MS_REC | unix.MS_SLAVE }},
	{"making mounts private may fail", S2, func(m mutant) { m.op(pid1, "make mounts private").Soft() }},
	{"old root stays", S2, func(m mutant) { m.drop(pid1, "detach") }},
	{"a step between pivot_root and detach", S2, func(m mutant) { m.swap(pid1, "detach", "set the host name") }},
	{"detaching may fail", S2, func(m mutant) { m.op(pid1, "detach").Soft() }},
	{"a mount with set-uid programs", S2, func(m mutant) { m.op(pid1, "mount proc").Args[3] &^= unix.MS_NOSUID }},

	{"leaked descriptors stay", S3, func(m mutant) { m.drop(stage, "close leaked") }},
	{"descriptors stay open over exec", S3, func(m mutant) { m.drop(target, "close all descriptors") }},
	{"closing on exec may fail", S3, func(m mutant) { m.op(target, "close all descriptors").Soft() }},
	{"an open without O_CLOEXEC", S3, func(m mutant) { m.op(pid1, "keep the staging").Args[2] &^= unix.O_CLOEXEC }},
	{"a duplicate without close-on-exec", S3, func(m mutant) { m.op(target, "take the quota along").Args[1] = unix.F_DUPFD }},
	{"received groups without close-on-exec", S3, func(m mutant) { m.op(target, "wait for the groups").Args[2] = 0 }},
	{"init keeps its descriptors", S3, func(m mutant) { m.drop(pid1, "close what was opened") }},

	{"a capability stays in the bounding set", S4, func(m mutant) { m.drop(target, "drop a capability") }},
	{"dropping a capability may fail", S4, func(m mutant) { m.op(target, "drop a capability").Soft() }},
	{"securebits not locked", S4, func(m mutant) { m.drop(target, "lock securebits") }},
	{"securebits locked after the uid", S4, func(m mutant) { m.swap(target, "lock securebits", "set uid") }},
	{"other securebits", S4, func(m mutant) { m.op(target, "lock securebits").Args[1] = 0x2d }},
	{"ambient set stays", S4, func(m mutant) { m.withoutUserNS(); m.drop(target, "clear the ambient") }},
	{"groups stay", S4, func(m mutant) { m.drop(target, "drop all groups") }},
	{"groups dropped after the gid", S4, func(m mutant) { m.swap(target, "drop all groups", "set gid") }},
	{"uid before gid", S4, func(m mutant) { m.swap(target, "set gid", "set uid") }},
	{"capabilities before the uid", S4, func(m mutant) { m.swap(target, "clear all cap", "set uid") }},
	{"capabilities stay", S4, func(m mutant) { m.drop(target, "clear all cap") }},
	{"capabilities are set", S4, func(m mutant) { m.op(target, "clear all cap").Args[1] -= 8 }},
	{"nobody tries to become root", S4, func(m mutant) { m.drop(target, "try to become root") }},
	{"becoming root is no hindrance", S4, func(m mutant) {
		o := m.op(target, "try to become root")
		o.Zero, o.Pos = tape.Next, tape.Next
		m.op(target, "go on").Zero = m.op(target, "go on").Pos
		m.keepReachable()
	}},
	{"becoming root is tried with capabilities", S4, func(m mutant) { m.swap(target, "try to become root", "clear all cap") }},

	{"no_new_privs missing", S5, func(m mutant) { m.drop(target, "set no_new_privs") }},
	{"no_new_privs after Landlock", S5, func(m mutant) { m.swap(target, "set no_new_privs", "restrict itself") }},
	{"no_new_privs after seccomp in init", S5, func(m mutant) { m.swap(pid1, "set init's no_new_privs", "filter init's") }},
	{"Landlock missing", S5, func(m mutant) { m.drop(target, "restrict itself") }},
	{"Landlock before a path is opened", S5, func(m mutant) { m.swap(target, "restrict itself", "open /proc for Landlock") }},
	{"seccomp missing", S5, func(m mutant) { m.drop(target, "filter system calls") }},
	{"seccomp may fail", S5, func(m mutant) { m.op(target, "filter system calls").Soft() }},
	{"seccomp before Landlock", S5, func(m mutant) { m.swap(target, "filter system calls", "restrict itself") }},
	{"a step after seccomp", S5, func(m mutant) { m.instead(target, "read back seccomp", target, "enter /box") }},

	{"a group not joined", S6, func(m mutant) { m.drop(target, "join a group") }},
	{"joining may fail", S6, func(m mutant) { m.op(target, "join a group").Soft() }},
	{"groups joined after the cgroup namespace", S6, func(m mutant) { m.swap(target, "join a group", "unshare the cgroup") }},
	{"no cgroup namespace", S6, func(m mutant) { m.drop(target, "unshare the cgroup") }},
	{"cgroup namespace after the capabilities", S6, func(m mutant) { m.swap(target, "unshare the cgroup", "set umask") }},
	{"init joins", S6, func(m mutant) { m.instead(pid1, "start a session", target, "join a group") }},

	{"target doesn't wait", S7, func(m mutant) { m.drop(target, "wait until init") }},
	{"target waits too late", S7, func(m mutant) { m.swap(target, "wait until init", "report that nothing") }},
	{"target need not wait", S7, func(m mutant) { m.op(target, "wait until init").Soft() }},
	{"init keeps capabilities", S7, func(m mutant) { m.drop(pid1, "clear all cap") }},
	{"init keeps a capability in its bounding set", S7, func(m mutant) { m.drop(pid1, "drop a capability") }},
	{"init lets go before it has dropped", S7, func(m mutant) { m.swap(pid1, "clear all cap", "let the target go") }},
	{"init without a filter", S7, func(m mutant) { m.drop(pid1, "filter init's") }},
	{"init works on after the release", S7, func(m mutant) { m.instead(pid1, "report the target's end", pid1, "set the host name") }},
	{"init executes", S7, func(m mutant) { m.instead(pid1, "report the target's end", target, "execve") }},
	{"init outlives the supervisor", S7, func(m mutant) { m.drop(pid1, "die with the supervisor") }},
	{"init can be looked into", S7, func(m mutant) { m.swap(pid1, "make init undumpable", "set init's uid") }},
	{"program outlives init", S7, func(m mutant) { m.drop(target, "die with init still") }},
	{"the host's network is steered", S1, func(m mutant) { m.swap(pid1, "enter the network namespace", "open sys/net/core/somaxconn") }},
	{"the stage writes elsewhere", S7, func(m mutant) {
		o := m.op(stage, "open the network namespace")
		o.Args[1], o.Args[2] = m.op(pid1, "open sys/user/max_user_namespaces").Args[1], unix.O_WRONLY|unix.O_CLOEXEC
	}},
	{"the stage stays to work", S7, func(m mutant) { m.instead(stage, "hand over", pid1, "clear umask") }},

	{"a path outside of the image", RulePointer, func(m mutant) { m.op(pid1, "mkdir root").Args[1] = 0x7fff_0000_0000 }},
	{"a path in the ops", RulePointer, func(m mutant) { m.op(pid1, "mkdir root").Args[1] = tape.OpsBase }},
	{"a path in the code", RulePointer, func(m mutant) { m.op(pid1, "mkdir root").Args[1] = tape.CodeBase }},
	{"a null pointer", RulePointer, func(m mutant) { m.op(pid1, "mkdir root").Args[1] = 0 }},
	{"an argument loaded from elsewhere", RulePointer, func(m mutant) { m.op(target, "wait until init").Args[0] = 8 }},
	{"a pointer known only when played", RulePointer, func(m mutant) { m.op(pid1, "mkdir root").Load = 2 }},
	{"more bytes than there are", RulePointer, func(m mutant) { m.op(target, "report that nothing").Args[2] = 1 << 20 }},
	{"a length that wraps", RulePointer, func(m mutant) { m.op(target, "report that nothing").Args[2] = ^uint64(0) - 1 }},
	{"a result in read-only memory", RulePointer, func(m mutant) { m.op(pid1, "open /usr").Dst = tape.OpsBase }},
	{"a result in the error cell", RulePointer, func(m mutant) { m.op(pid1, "open /usr").Dst = tape.ErrOp }},
	{"an answer into read-only memory", RulePointer, func(m mutant) { m.op(target, "read back the root").Args[1] = m.op(pid1, "mkdir root").Args[1] }},
	{"a message header that is none", RulePointer, func(m mutant) { m.op(stage, "hand over").Args[1] += 8 }},
	{"a filter that is none", RulePointer, func(m mutant) { m.op(target, "filter system calls").Args[2] += 8 }},
	{"arguments that are none", RulePointer, func(m mutant) { m.op(target, "execve").Args[1] += 8 * 4 }},
	{"clone arguments that are none", RulePointer, func(m mutant) { m.op(stage, "clone pid 1").Args[0] += 8 }},

	{"a label that doesn't exist", RuleBranch, func(m mutant) { m.op(pid1, "mkdir root").Neg = 9999 }},
	{"a reserved label", RuleBranch, func(m mutant) { m.op(pid1, "mkdir root").Neg = tape.Next - 1 }},
	{"the end of the tape is passed", RuleBranch, func(m mutant) { m.Ops[len(m.Ops)-1].Call = unix.SYS_GETPID }},
	{"into another process", RuleBranch, func(m mutant) { m.op(pid1, "mkdir root").Neg = m.op(target, "set gid").Neg }},
	{"into the process after next", RuleBranch, func(m mutant) { m.op(stage, "clone pid 1").Zero = m.op(pid1, "fork the target").Zero }},
	{"into a child by the parent's branch", RuleBranch, func(m mutant) { m.op(stage, "clone pid 1").Pos = m.op(stage, "clone pid 1").Zero }},

	{"an op that nothing leads to", RuleReach, func(m mutant) {
		o := m.op(target, "go on")
		o.Neg, o.Zero = o.Pos, o.Pos
		p := m.op(target, "try to become root")
		p.Zero, p.Pos = tape.Next, tape.Next
	}},
	{"a loop that spins", RuleLoop, func(m mutant) { m.op(pid1, "wait for a child").Args[2] = m.op(pid1, "has the supervisor gone").Args[2] }},
	{"a step that repeats itself", RuleLoop, func(m mutant) { m.op(target, "report that nothing").Neg = m.labelOf(m.at(target, "start a session")) }},
	{"a loop over a read that fails", RuleLoop, func(m mutant) { m.op(pid1, "read the child signal").Neg = m.op(pid1, "read the child signal").Pos }},
	{"an unknown call", RuleCall, func(m mutant) { m.op(pid1, "clear umask").Call = unix.SYS_PTRACE }},
	{"a prctl that takes a pointer", RuleCall, func(m mutant) { m.op(target, "lock securebits").Args[0] = unix.PR_SET_MM }},
	{"a name that is none", RuleCall, func(m mutant) { m.op(pid1, "name the process").Args[1] = tape.CodeBase }},
}

// keepReachable leads an error to the report of regained root, so that only
// the mutant's own fault is found.
func (m mutant) keepReachable() {
	m.op(target, "set umask").Neg = m.labelOf(m.at(target, "see that root"))
}

func TestUnsafePlanIsRefused(t *testing.T) {
	for _, c := range mutants {
		t.Run(string(c.rule)+" "+c.name, func(t *testing.T) {
			p := compiled(t, with(true, policy.Policy{}))
			c.mutate(mutant{t, p})
			err := p.Verify()
			var ve *VerifyError
			if !errors.As(err, &ve) {
				t.Fatalf("got %v", err)
			}
			if ve.Rule != c.rule {
				t.Errorf("got %v", err)
			}
		})
	}
}

// An absent or switched-off wall excuses the steps that build it.
func TestWallsThatAreOffExcuseOnlyTheirOwnSteps(t *testing.T) {
	on := compiled(t, with(true, policy.Policy{}))
	for _, c := range []struct {
		layer string
		who   tape.Proc
		step  string
		rule  Rule
	}{
		{"seccomp", target, "filter system calls", S5},
		{"landlock", target, "restrict itself", S5},
		{"cgroup_ns", target, "unshare the cgroup", S6},
	} {
		p := compiled(t, with(true, policy.Policy{}))
		mutant{t, p}.drop(c.who, c.step)
		var ve *VerifyError
		if err := p.Verify(); !errors.As(err, &ve) || ve.Rule != c.rule {
			t.Errorf("%s on: %v", c.layer, err)
		}
		d := on.demands
		o := off(c.layer)
		d.Layers = o.Resolve(policy.Caller{Root: true}).Layers
		if err := Verify(p.Tape, d); err != nil {
			t.Errorf("%s off: %v", c.layer, err)
		}
		mutant{t, p}.drop(target, "set uid")
		if err := Verify(p.Tape, d); !errors.As(err, &ve) || ve.Rule != S4 {
			t.Errorf("%s off, without set uid: %v", c.layer, err)
		}
	}
}

// Structures may hold pointers too.
func TestPointersInStructuresAreChecked(t *testing.T) {
	for name, build := range map[string]func(*tape.Builder){
		"iovec": func(b *tape.Builder) {
			hdr := b.Words(0, 0, b.Words(0x1000, 8), 1, 0, 0, 0)
			b.Call("send", unix.SYS_SENDMSG, 3, hdr, 0)
		},
		"iovec's length": func(b *tape.Builder) {
			hdr := b.Words(0, 0, b.Words(uint64(b.Var(8)), 64<<10), 1, 0, 0, 0)
			b.Call("send", unix.SYS_SENDMSG, 3, hdr, 0)
		},
		"control message": func(b *tape.Builder) {
			hdr := b.Words(0, 0, b.Words(uint64(b.Var(8)), 8), 1, 0x1000, 24, 0)
			b.Call("send", unix.SYS_SENDMSG, 3, hdr, 0)
		},
		"received into constants": func(b *tape.Builder) {
			c := b.Words(0)
			hdr := b.Var(56)
			b.SetVar(hdr, 0, 0, b.Words(c, 8), 1, 0, 0, 0)
			b.Call("receive", unix.SYS_RECVMSG, 3, uint64(hdr), unix.MSG_CMSG_CLOEXEC)
		},
		"address of a message": func(b *tape.Builder) {
			hdr := b.Words(0x1000, 16, b.Words(uint64(b.Var(8)), 8), 1, 0, 0, 0)
			b.Call("send", unix.SYS_SENDMSG, 3, hdr, 0)
		},
		"filter": func(b *tape.Builder) {
			b.Call("filter", unix.SYS_SECCOMP, 1, 0, b.Words(4, 0x1000))
		},
		"filter's length": func(b *tape.Builder) {
			b.Call("filter", unix.SYS_SECCOMP, 1, 0, b.Words(60000, b.Words(6)))
		},
		"pidfd": func(b *tape.Builder) {
			b.Call("clone", unix.SYS_CLONE3, b.Words(unix.CLONE_PIDFD, 0x1000, 0, 0, 0, 0, 0, 0, 0, 0, 0), cloneArgsSize)
		},
		"child's stack": func(b *tape.Builder) {
			b.Call("clone", unix.SYS_CLONE3, b.Words(0, 0, 0, 0, 0, uint64(b.Var(64)), 64, 0, 0, 0, 0), cloneArgsSize)
		},
		"argument": func(b *tape.Builder) {
			b.Call("execve", unix.SYS_EXECVE, b.CString("/x"), b.Words(b.CString("x"), 0x1000, 0), b.Words(0))
		},
		"endless arguments": func(b *tape.Builder) {
			b.Call("execve", unix.SYS_EXECVE, b.CString("/x"), b.Words(0), b.Words(b.CString("x")))
		},
		"mount_setattr's size": func(b *tape.Builder) {
			b.Call("set attributes", unix.SYS_MOUNT_SETATTR, 3, b.CString(""), 0, b.Words(1, 0, 0, 0), 64)
		},
	} {
		b := tape.NewBuilder()
		b.Enter(tape.Stage, tape.Next)
		build(b)
		b.Call("exit", unix.SYS_EXIT_GROUP, 0)
		tp, err := b.Finish()
		if err != nil {
			t.Fatal(err)
		}
		var ve *VerifyError
		if err := Verify(tp, Demands{Facts: invented(true)}); !errors.As(err, &ve) || ve.Rule != RulePointer {
			t.Errorf("%s: %v", name, err)
		}
	}
}
