package seccomp

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// execChild installs a filter, hands its listener to descriptor 3, and becomes
// the program of its arguments.
func execChild() int {
	path, err := exec.LookPath(os.Args[1])
	if err != nil {
		return 2
	}
	env := os.Environ()
	prog := Default(Options{Listener: true})
	if os.Getenv("SECCOMP_TEST_FILTER") == "reported" {
		prog = allReported()
	}
	fd, err := install(prog, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER)
	if err != nil {
		return 3
	}
	if unix.Sendmsg(3, []byte{0}, unix.UnixRights(fd), nil, 0) != nil {
		return 4
	}
	unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0)
	unix.RawSyscall(unix.SYS_CLOSE, 3, 0, 0)
	if unix.Exec(path, os.Args[1:], env) != nil {
		return 5
	}
	return 0
}

// allReported is the default filter in which every refusal is reported, so that
// a test can count them; the answers are the same.
func allReported() []Filter {
	prog, err := Compile(reported(DefaultRules()), Options{Listener: true})
	if err != nil {
		return nil // install refuses it
	}
	return prog
}

func reported(r *Rules) *Rules {
	for i := range r.Groups {
		report(&r.Groups[i].Answer)
	}
	for i := range r.Checks {
		report(&r.Checks[i].Answer)
	}
	report(&r.Default)
	return r
}

func report(a *Action) {
	if a.Kind == KindErrno {
		a.Kind = KindNotify
	}
}

// notification and response are struct seccomp_notif and seccomp_notif_resp.
type notification struct {
	id         uint64
	pid, flags uint32
	data       Data
}

type response struct {
	id    uint64
	val   int64
	errno int32
	flags uint32
}

// listen answers notifications from the table until the last filtered process
// is gone, and returns the refused calls.
func listen(t *testing.T, fd int) map[string]int {
	refused := map[string]int{}
	rules := DefaultRules()
	for {
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if _, err := unix.Poll(p, -1); err == unix.EINTR {
			continue
		} else if err != nil {
			t.Error(err)
			return refused
		}
		if p[0].Revents&unix.POLLIN == 0 {
			return refused
		}
		var n notification
		if e := ioctl(fd, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n)); e != 0 {
			continue // the caller was killed meanwhile
		}
		a := Reference(rules, n.data)
		if a.Kind == KindKill {
			refused["kill for architecture 0x"+strconv.FormatUint(uint64(n.data.Arch), 16)]++
			unix.Kill(int(n.pid), unix.SIGKILL)
			continue
		}
		r := response{id: n.id, errno: -int32(a.Errno)}
		if a.Kind == KindBudget {
			r = response{id: n.id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
		} else {
			refused[Name(int(n.data.Nr))+" "+a.String()]++
		}
		ioctl(fd, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&r))
	}
}

func ioctl(fd int, request uintptr, p unsafe.Pointer) unix.Errno {
	_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(p))
	runtime.KeepAlive(p)
	return e
}

// run runs a program behind the filter, and returns what was refused to it.
func run(t *testing.T, filter, dir string, argv ...string) (out string, refused map[string]int, err error) {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	theirs := os.NewFile(uintptr(pair[1]), "socket")
	cmd := child(t, "exec", "SECCOMP_TEST_FILTER="+filter, "HOME="+dir, "TMPDIR="+dir, "GOCACHE="+goCache())
	cmd.Args = append(cmd.Args[:1], argv...)
	cmd.Dir, cmd.ExtraFiles = dir, []*os.File{theirs}
	var b strings.Builder
	cmd.Stdout, cmd.Stderr = &b, &b
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		t.Fatal(err)
	}
	refused = map[string]int{}
	fd := receive(pair[0])
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // before Linux 6.11 only then does a listener hang up
	if fd >= 0 {
		refused = listen(t, fd)
		unix.Close(fd)
	}
	err = <-ended
	return b.String(), refused, err
}

// goCache is the caller's, so that the standard library is not built again.
func goCache() string {
	if dir := os.Getenv("GOCACHE"); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "off"
	}
	return filepath.Join(dir, "go-build")
}

// receive takes one descriptor, or is -1 if the child ends without sending it.
func receive(sock int) int {
	oob := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(sock, make([]byte, 1), oob, unix.MSG_CMSG_CLOEXEC)
	if err != nil || n == 0 {
		return -1
	}
	m, err := unix.ParseSocketControlMessage(oob[:n])
	if err != nil {
		return -1
	}
	fds, err := unix.ParseUnixRights(&m[0])
	if err != nil {
		return -1
	}
	return fds[0]
}

const pythonProgram = `
import multiprocessing, threading, socket, tempfile, subprocess, sqlite3, asyncio, shutil, os
def sq(x): return x*x
if __name__ == "__main__":
    with multiprocessing.Pool(2) as p: assert p.map(sq, range(5)) == [0,1,4,9,16]
    t = threading.Thread(target=sq, args=(1,)); t.start(); t.join()
    s = socket.create_server(("127.0.0.1", 0)); c = socket.create_connection(s.getsockname()); c.close(); s.close()
    for k in socket.SO_RCVBUF, socket.SO_SNDBUF:
        with socket.create_server(("127.0.0.1", 0)) as s: s.setsockopt(socket.SOL_SOCKET, k, 1 << 20)
    socket.getaddrinfo("localhost", 80); assert socket.if_nameindex()
    sqlite3.connect(":memory:").execute("select 1")
    asyncio.run(asyncio.sleep(0))
    with tempfile.TemporaryDirectory() as d:
        open(d+"/a","w").write("x"); shutil.copy(d+"/a", d+"/b"); os.link(d+"/a", d+"/c")
    assert subprocess.run(["true"]).returncode == 0
    print("fine")
`

const cppProgram = `
#include <thread>
#include <cstdio>
#include <filesystem>
int main() { std::thread t([]{}); t.join(); std::filesystem::copy_file("a.cpp", "b.cpp"); std::puts("fine"); }
`

// doneWithout are refused calls that programs are known to do without.
var doneWithout = map[string]string{
	"clone3 ENOSYS":         "libc falls back to clone",
	"get_mempolicy ENOSYS":  "libnuma sees a host of one node",
	"io_uring_setup ENOSYS": "libuv falls back to its thread pool",
}

// programs are what a judge, a build or an agent runs.
var programs = []struct {
	name    string
	file    string // written to the folder before
	content string
	script  string
	needs   string
}{
	{"shell", "", "", "exec 2>&1; ls -la / >/dev/null && ps >/dev/null; id; mkfifo f; (echo fine >f) & cat f; wait; kill -0 $$; ulimit -n; tar cf x.tar f && cp x.tar y.tar", "bash"},
	{"addresses", "", "", "ip addr | grep -q inet && getent ahosts localhost && echo fine", "ip"},
	{"python", "a.py", pythonProgram, "exec python3 a.py", "python3"},
	{"gcc", "a.cpp", cppProgram, "g++ -O1 -pthread a.cpp -o a && ./a", "g++"},
	{"node", "a.js", `const w=require("worker_threads");if(w.isMainThread){const x=new w.Worker(__filename);x.on("exit",()=>require("fs").copyFile(__filename,"b.js",()=>require("child_process").execFile("true",()=>Object.keys(require("os").networkInterfaces()).length&&require("dns").lookup("localhost",()=>console.log("fine")))))}`, "exec node a.js", "node"},
	{"java", "A.java", `class A { public static void main(String[] a) throws Exception { Thread t = new Thread(() -> {}); t.start(); t.join(); new ProcessBuilder("true").start().waitFor(); new java.net.ServerSocket(0).close(); System.out.println("fine"); } }`, "exec java A.java", "java"},
	{"go", "a.go", "package main\nfunc main() { c := make(chan int); go close(c); <-c; println(\"fine\") }\n", "exec go run a.go", "go"},
	{"git", "a", "x\n", "git init -q . && git add a && git -c user.name=n -c user.email=e@x commit -qm m && git clone -q . c && git -C c gc -q && git status -s && echo fine", "git"},
}

func TestRealProgramsMissNothing(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			if _, err := exec.LookPath(p.needs); err != nil {
				t.Fatalf("%s is not installed: scripts/install-deps build test", p.needs)
			}
			dir := t.TempDir()
			if p.file != "" {
				if err := os.WriteFile(filepath.Join(dir, p.file), []byte(p.content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			out, refused, err := run(t, "reported", dir, "bash", "-c", p.script)
			if err != nil || !strings.Contains(out, "fine") {
				t.Errorf("%v: %s", err, out)
			}
			for call, n := range refused {
				if doneWithout[call] == "" {
					t.Errorf("%s was refused %d times", call, n)
				}
			}
			t.Logf("refused: %v", refused)
		})
	}
}

func TestListenerAnswersASuspiciousCallWithItsErrno(t *testing.T) {
	out, refused, err := run(t, "default", t.TempDir(), "sh", "-c", "LC_ALL=C chroot / true")
	if err == nil || !strings.Contains(out, "Operation not permitted") {
		t.Errorf("chroot: %v, %q", err, out)
	}
	if refused["chroot EPERM, reported"] != 1 {
		t.Errorf("heard of %v, want one chroot", refused)
	}
}
