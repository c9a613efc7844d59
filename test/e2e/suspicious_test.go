package e2e

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/policy/seccomp"
	"github.com/jailrun/jail/test/programs/cc"
	"golang.org/x/sys/unix"
)

// suspects are the calls that are reported, each with what its denial has to say.
var suspects = []struct {
	call   string
	args   string // of test/programs/suspect.c
	errno  unix.Errno
	object string
	rule   string // its group
}{
	{"mount", "s:proc s:/mnt s:proc 0x1006 0", unix.EPERM, `source="proc" target="/mnt" type="proc" flags=MS_NOSUID|MS_NODEV|MS_BIND`, "mount"},
	{"umount2", "s:/proc 2", unix.EPERM, `target="/proc" flags=MNT_DETACH`, "mount"},
	{"pivot_root", "s:. s:/old", unix.EPERM, `new="." old="/old"`, "mount"},
	{"chroot", "s:/tmp", unix.EPERM, `path="/tmp"`, "mount"},
	{"fsopen", "s:ext4 0", unix.ENOSYS, `type="ext4" flags=0`, "mount-api"},
	{"fsconfig", "7 6 0", unix.ENOSYS, `fd=7 command=FSCONFIG_CMD_CREATE key=NULL`, "mount-api"},
	{"fsmount", "7 0 3", unix.ENOSYS, `fd=7 flags=0 attributes=MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOSUID`, "mount-api"},
	{"fspick", "-100 s:/ 0", unix.ENOSYS, `folder=AT_FDCWD path="/" flags=0`, "mount-api"},
	{"move_mount", "5 s: -100 s:/mnt", unix.ENOSYS, `from_folder=5 from="" to_folder=AT_FDCWD to="/mnt"`, "mount-api"},
	{"mount_setattr", "-100 s:/usr 0x8000", unix.ENOSYS, `folder=AT_FDCWD path="/usr" flags=AT_RECURSIVE`, "mount-api"},
	{"open_tree", "-100 s:/ 1", unix.ENOSYS, `folder=AT_FDCWD path="/" flags=OPEN_TREE_CLONE`, "mount-api"},
	{"setns", "3 0x40000000", unix.EPERM, `fd=3 flags=CLONE_NEWNET`, "namespaces"},
	{"unshare", "0x10020000", unix.EPERM, `flags=CLONE_NEWNS|CLONE_NEWUSER`, "processes"},
	{"clone", "0x10000011 0 0 0 0", unix.EPERM, `flags=CLONE_NEWUSER|0x11`, "processes"},
	{"ptrace", "16 1", unix.EPERM, `request=PTRACE_ATTACH pid=1`, "trace"},
	{"process_vm_readv", "1", unix.EPERM, `pid=1`, "trace"},
	{"process_vm_writev", "1", unix.EPERM, `pid=1`, "trace"},
	{"pidfd_getfd", "3 0", unix.ENOSYS, `pidfd=3 fd=0`, "descriptor-theft"},
	{"init_module", "0 0 s:debug=1", unix.EPERM, `parameters="debug=1"`, "modules"},
	{"finit_module", "3 s:debug=1 0", unix.EPERM, `fd=3 parameters="debug=1" flags=0`, "modules"},
	{"delete_module", "s:loop 0x800", unix.EPERM, `name="loop" flags=0x800`, "modules"},
	{"kexec_load", "0 2 0 1", unix.EPERM, `segments=2 flags=0x1`, "reboot"},
	{"kexec_file_load", "3 4 9 s:init=/bin/sh", unix.EPERM, `kernel=3 initrd=4 command_line="init=/bin/sh"`, "reboot"},
	{"reboot", "0xfee1dead 0x28121969 0x89abcdef", unix.EPERM, `command=CAD_ON`, "reboot"},
	{"swapon", "s:/tmp/swap 0", unix.EPERM, `path="/tmp/swap"`, "swap"},
	{"swapoff", "s:/tmp/swap", unix.EPERM, `path="/tmp/swap"`, "swap"},
	{"iopl", "3", unix.EPERM, `level=3`, "ports"},
	{"ioperm", "0x70 2 1", unix.EPERM, `from=112 ports=2 on=1`, "ports"},
	{"bpf", "5 0 0", unix.ENOSYS, `command=BPF_PROG_LOAD`, "bpf"},
	{"perf_event_open", "w:0x7000000001,3 0 -1 -1 0", unix.ENOSYS, `event=PERF_TYPE_SOFTWARE:0x3 pid=0 cpu=-1`, "bpf"},
	{"add_key", "s:user s:k\x1b[2J\u202e 0 0 -3", unix.ENOSYS, `type="user" description="k\x1b[2J\u202e"`, "keyring"},
	{"request_key", "s:user s:k 0 0", unix.ENOSYS, `type="user" description="k"`, "keyring"},
	{"keyctl", "1 0", unix.ENOSYS, `operation=KEYCTL_JOIN_SESSION_KEYRING`, "keyring"},
	{"userfaultfd", "1", unix.ENOSYS, `flags=UFFD_USER_MODE_ONLY`, "userfaultfd"},
	{"open_by_handle_at", "-100 0 0", unix.ENOSYS, `mount=AT_FDCWD flags=0`, "handle-open"},
	{"ioctl", "0 0x5412 s:x", unix.EPERM, `fd=0 request=TIOCSTI`, "io"},
}

func TestEverySuspiciousCallHasANameARuleAndAFix(t *testing.T) {
	dir := labOf(t, "suspect")
	for _, uid := range []int{0, 65534} {
		log := filepath.Join(classroom(t, uid, nil), "audit.jsonl")
		for _, s := range suspects {
			nr, ok := seccomp.Number(s.call)
			if !ok {
				continue // iopl and ioperm are x86's
			}
			t.Run(strconv.Itoa(uid)+"/"+s.call, func(t *testing.T) {
				argv := append([]string{"--audit", log, "--ro", dir, "--", filepath.Join(dir, "suspect"), strconv.Itoa(nr)}, strings.Fields(s.args)...)
				said, res := runAs(t, uid, argv...)
				if said != strconv.Itoa(int(s.errno))+"\n" {
					t.Errorf("the program got %q, want %v", said, s.errno)
				}
				if len(res.Denials) != 1 {
					t.Fatalf("%d denials: %+v", len(res.Denials), res.Denials)
				}
				d := res.Denials[0]
				if d.Layer != policy.LayerSeccomp || d.Syscall != s.call || d.Object != s.object || d.Errno.String() != unix.ErrnoName(s.errno) || d.Count != 1 {
					t.Errorf("got %+v\nwant %s of %s", d, s.call, s.object)
				}
				if !strings.HasPrefix(d.Rule, s.rule+": ") || d.Fix == "" {
					t.Errorf("rule %q, fix %q; want a rule of group %s", d.Rule, d.Fix, s.rule)
				}
				if d.FirstNS <= 0 || d.LastNS < d.FirstNS || d.PID == 0 || len(d.Args) != 6 {
					t.Errorf("times %d to %d, pid %d, arguments %v", d.FirstNS, d.LastNS, d.PID, d.Args)
				}
				told := deniedIn(t, log, res.ID)
				if len(told) != 1 || told[0] != (loggedDenial{string(d.Layer), d.Syscall, d.Object, d.Errno.String(), 1, d.Rule, d.Fix}) {
					t.Errorf("the audit log has %+v\nwant %+v", told, d)
				}
			})
		}
	}
}

// loggedDenial is what an audit log says of a denial.
type loggedDenial struct {
	Layer, Syscall, Object, Errno string
	Count                         int64
	Rule, Fix                     string
}

// deniedIn lists the denials of one jail in an audit log.
func deniedIn(t *testing.T, log, jail string) (list []loggedDenial) {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var e struct {
			Type, Jail string
			Detail     json.RawMessage
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if e.Type != "denial" || e.Jail != jail {
			continue
		}
		var d loggedDenial
		if err := json.Unmarshal(e.Detail, &d); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		list = append(list, d)
	}
	return list
}

// The list is the table's: a call that is added there needs a line here.
func TestNoSuspiciousCallIsMissing(t *testing.T) {
	has := map[string]bool{"open_tree_attr": true} // younger than some kernels: it is open_tree with one more argument
	for _, s := range suspects {
		has[s.call] = true
	}
	for _, row := range seccomp.DefaultRules().Describe() {
		if row.Answer.Kind == seccomp.KindNotify && !has[row.Call] {
			t.Errorf("%s (%s) has no test", row.Call, row.When)
		}
	}
}

func TestAJailEndsAtTheCallThatItsPolicySays(t *testing.T) {
	dir := labOf(t, "suspect")
	nr, _ := seccomp.Number("keyctl")
	script := `for i in 1 2 3 4; do "$0" "$1" 1; done`
	argv := []string{"--kill-after", "3", "--ro", dir, "--", "sh", "-c", script, filepath.Join(dir, "suspect"), strconv.Itoa(nr)}
	said, res := runAs(t, 0, argv...)
	if res.Reason != result.Syscall || res.Evidence.Call == nil || res.Evidence.Call.Name != "keyctl" || strings.Count(said, "\n") != 2 {
		t.Errorf("%s after %q, call %+v", res.Reason, said, res.Evidence.Call)
	}
	total := int64(0)
	for _, d := range res.Denials {
		total += d.Count
	}
	if total != 3 {
		t.Errorf("%d calls in the denials %+v, want 3", total, res.Denials)
	}
}

// labOf is a folder that every user may read, with probe programs in it.
func labOf(t *testing.T, programs ...string) string {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "jail-e2e-lab-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if programs == nil {
		return dir
	}
	if err := cc.Build(context.Background(), dir, programs...); err != nil {
		t.Fatal(err)
	}
	return dir
}

// runAs runs "jail exec" with arguments as a user, and gives what the program
// said, and the result.
func runAs(t *testing.T, uid int, argv ...string) (string, *result.Result) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command(built, append([]string{"exec", "--quiet", "--status-fd", "3"}, argv...)...)
	cmd.ExtraFiles, cmd.Dir = []*os.File{w}, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	out, err := cmd.Output()
	w.Close()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	var res result.Result
	if err := json.NewDecoder(r).Decode(&res); err != nil {
		t.Fatalf("no result: %v; %v, %q", err, cmd.ProcessState, out)
	}
	return string(out), &res
}
