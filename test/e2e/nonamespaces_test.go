package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fallback lets a launch go on with Landlock, filter and resource limits.
const fallback = "--try user_ns --try pid_ns --try mnt_ns --try net_ns --try ipc_ns --try uts_ns --try cgroup_ns --try rootfs --try time_ns --try capabilities"

// reaches is what a program without namespaces could do to its user's files and
// processes; a line for each that it could.
const reaches = `
chmod 644 key 2>/dev/null && echo mode
setfattr -n user.x -v 1 key 2>/dev/null && echo attribute
renice -n 15 -p "$victim" >/dev/null 2>&1 && echo priority
prlimit --pid "$victim" --nofile=9:9 2>/dev/null && echo limit
taskset -p 1 "$victim" >/dev/null 2>&1 && echo affinity
ipcrm -m "$segment" 2>/dev/null && echo segment
kill -USR1 "$victim" 2>/dev/null && echo signal
cat key 2>/dev/null | grep -q secret && echo content
true`

// The kernel gives no user namespace to a process in a chroot, which stands
// here for a container that forbids them.
func TestWithoutNamespacesTheUsersFilesAndProcessesAreHeldByTheRest(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs CAP_SYS_ADMIN to make a mount namespace")
	}
	dir := openDir(t)
	home := filepath.Join(dir, "home")
	for name, text := range map[string]string{"reach": reaches, "inside": inside} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private", "--", "sh", "-c", outside)
	c.Dir = dir
	c.Env = append(os.Environ(), "DIR="+dir, "JAIL="+built, "FALLBACK="+fallback)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	before, within, _ := strings.Cut(out.String(), "jailed\n")
	if strings.Contains(errs.String(), "keeps the program's signals") {
		return // refused, since this kernel's Landlock can't hold them
	}
	// Without a file system's support or the tool there is no attribute.
	if want := "mode\npriority\nlimit\naffinity\nsegment\nsignal\ncontent\n"; strings.ReplaceAll(before, "attribute\n", "") != want {
		t.Fatalf("outside the jail not all is done, so what holds inside shows nothing: %q, %s", before, errs.String())
	}
	if want := "done\nleft: none\n"; within != want {
		t.Errorf("inside: %q, want %q; %s", within, want, errs.String())
	}
}

// outside makes the chroot, in mount and pid namespaces that end with it.
const outside = `set -e
mkdir root
mount --rbind / root
mount --make-rprivate root
chown 65534:65534 home
exec chroot root setpriv --reuid 65534 --regid 65534 --clear-groups sh "$DIR/inside"`

// inside runs the reaches without a jail, each time on a new victim, and in one.
const inside = `
cd "$DIR/home"
TMPDIR=$DIR/home; export TMPDIR
prepare() {
	rm -f key ready; echo secret >key; chmod 600 key; mkfifo ready
	sh -c 'trap : USR1; echo >ready; while :; do sleep 1; done' &
	victim=$!
	segment=$(ipcmk -M 4096 | tr -dc 0-9)
	export victim segment
	read -r _ <ready
}
finish() {
	kill -9 $victim
	ipcrm -m $segment 2>/dev/null
}
prepare
sh ../reach
finish
echo jailed
prepare
"$JAIL" exec --quiet $FALLBACK --pass-env victim --pass-env segment --ro "$DIR/reach" -- sh -c 'mkdir -m 0 shut; cd '"$DIR/home"'; . '"$DIR/reach"'; [ -d /proc/$victim ] && [ "$(pwd)" = '"$DIR/home"' ] && [ "$segment" ] && echo done'
finish
"$JAIL" exec --view none $FALLBACK -- echo an empty view, which the host is not
"$JAIL" exec --view none $FALLBACK -- true 2>&1 | grep -q 'leave --view none out' || echo not refused for its view
echo "left: $(ls -d jail-* 2>/dev/null || echo none)"
`
