// Package podman runs containers for tests, without an image and without a trace
// on the host: storage, locks and state lie in a folder of the test's, and what
// the engine finds wrong with the host's control groups is set right in a mount
// namespace of each run's own.
package podman

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Engine is podman with everything of its own below a folder, for one user.
type Engine struct {
	dir string
	uid int
}

var errMissing = errors.New("podman is not installed: scripts/install-deps container")

// wrapper is for a host whose cgroup v2 is not alone, which crun refuses. Groups
// are not used (config), so that the engine only looks at what is there.
const wrapper = `[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup
exec podman "$@"`

// config keeps the engine from control groups, logs and locks of the host's, and
// from limits that the host does not let it set.
const config = `[containers]
cgroups = "disabled"
log_driver = "none"
default_ulimits = ["nofile=%[1]d:%[1]d", "nproc=%[2]d:%[2]d"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
runtime = "crun"
static_dir = "%[3]s/static"
volume_path = "%[3]s/volumes"
`

// New makes what the engine needs in dir, which must not be there yet: its
// configuration, and a root with nothing of its own but /etc. An ordinary user's
// engine can't set the host's control groups right for itself: see OneTree.
func New(dir string, uid int) (*Engine, error) {
	if _, err := exec.LookPath("podman"); err != nil {
		return nil, errMissing
	}
	e := &Engine{dir, uid}
	for _, d := range []string{"../home", "../run", "proc", "dev", "sys", "usr", "run", "root", "opt", "box", "home", "tmp", "var/tmp", "etc"} {
		if err := os.MkdirAll(filepath.Join(e.root(), d), 0o755); err != nil {
			return nil, err
		}
	}
	for _, open := range []string{"tmp", "var/tmp", "box"} {
		if err := os.Chmod(filepath.Join(e.root(), open), 0o777|os.ModeSticky); err != nil {
			return nil, err
		}
	}
	return e, errors.Join(e.files(), e.links(), e.configure(), e.give())
}

// give makes the user the owner of all.
func (e *Engine) give() error {
	return filepath.WalkDir(e.dir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, e.uid, e.uid))
	})
}

func (e *Engine) root() string { return filepath.Join(e.dir, "root") }

func (e *Engine) conf() string { return filepath.Join(e.dir, "containers.conf") }

func (e *Engine) configure() error {
	text := fmt.Sprintf(config, most(unix.RLIMIT_NOFILE), most(unix.RLIMIT_NPROC), e.dir)
	return os.WriteFile(e.conf(), []byte(text), 0o644)
}

// most is what a container may have of a limit: 32768, or less where the host
// gives less.
func most(resource int) uint64 {
	var l unix.Rlimit
	_ = unix.Getrlimit(resource, &l) // it can't fail with a known limit and a good address
	return min(l.Max, 1<<15)
}

// files are what programs look up in /etc.
func (e *Engine) files() error {
	for name, text := range map[string]string{
		"passwd": "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home:/bin/sh\n",
		"group":  "root:x:0:\nuser:x:1000:\n",
	} {
		if err := os.WriteFile(filepath.Join(e.root(), "etc", name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	cache, err := os.ReadFile("/etc/ld.so.cache")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(e.root(), "etc/ld.so.cache"), cache, 0o644)
}

// links are the host's own, /bin and its like.
func (e *Engine) links() error {
	for _, l := range []string{"bin", "sbin", "lib", "lib64"} {
		to, err := os.Readlink("/" + l)
		if err != nil {
			continue // a host without a merged /usr has folders there, or nothing
		}
		if err := os.Symlink(to, filepath.Join(e.root(), l)); err != nil {
			return err
		}
	}
	return nil
}

// Argv is the command line of a container that shows the host's programs, with
// flags of "podman run" and what is to be run.
func (e *Engine) Argv(flags []string, argv ...string) []string {
	run := append(e.podman("run", "--rm", "--network", "none", "-v", "/usr:/usr:ro"), flags...)
	return append(append(run, "--rootfs", e.root()), argv...)
}

func (e *Engine) podman(args ...string) []string {
	at := func(name string) string { return filepath.Join(e.dir, name) }
	argv := []string{"env", "CONTAINERS_CONF=" + e.conf(), "HOME=" + at("home"), "XDG_RUNTIME_DIR=" + at("run")}
	if e.uid == 0 {
		argv = append(argv, "unshare", "--mount", "--propagation", "private", "sh", "-c", wrapper)
	}
	// The engine takes no runroot of more than 50 characters.
	argv = append(argv, "podman", "--root", at("storage"), "--runroot", at("s"), "--tmpdir", at("tmp"), "--storage-driver", "vfs")
	return append(argv, args...)
}

// Close ends what still runs, and removes the engine's folder.
func (e *Engine) Close(ctx context.Context) error {
	argv := e.podman("rm", "--all", "--force", "--time", "0")
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(e.uid), Gid: uint32(e.uid)}}
	out, err := c.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("podman rm: %w: %s", err, out)
	}
	e.endPause()
	return errors.Join(err, os.RemoveAll(e.dir))
}

// endPause ends the process by which an ordinary user's engine keeps his
// namespaces.
func (e *Engine) endPause() {
	text, err := os.ReadFile(filepath.Join(e.dir, "tmp/pause.pid"))
	if err != nil {
		return // there is none
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && pid > 1 {
		_ = unix.Kill(pid, unix.SIGKILL) // else it has gone
	}
}

// OneTree shows the calling goroutine, and all that it starts, nothing of control
// groups but version 2, which an ordinary user's engine asks for. The goroutine
// is then alone on a thread in a mount namespace of its own, until undo.
func OneTree() (undo func(), err error) {
	runtime.LockOSThread()
	home, err := os.Open("/proc/thread-self/ns/mnt")
	if err != nil {
		runtime.UnlockOSThread()
		return nil, err
	}
	undo = func() {
		if unix.Setns(int(home.Fd()), unix.CLONE_NEWNS) == nil {
			runtime.UnlockOSThread()
		} // else the thread stays apart, and ends with its goroutine
		home.Close()
	}
	if err := oneTree(); err != nil {
		undo()
		return nil, err
	}
	return undo, nil
}

func oneTree() error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("make a mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make its mounts private: %w", err)
	}
	if err := unix.Mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, ""); err != nil {
		return fmt.Errorf("mount cgroup2: %w", err)
	}
	return nil
}
