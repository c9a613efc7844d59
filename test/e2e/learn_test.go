package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// lessons are programs that policies are learnt from, with what they read.
var lessons = []struct {
	name  string
	files map[string]string
	flags []string
	argv  []string
	says  string
	least bool // each line is tried
}{
	{
		name:  "python",
		files: map[string]string{"prog.py": "import json, re\nprint(json.dumps({'a': [1, 2]}))\n"},
		argv:  []string{"python3", "prog.py"}, says: "{\"a\": [1, 2]}\n", least: true,
	},
	{
		name:  "node",
		files: map[string]string{"prog.js": "console.log(require('crypto').createHash('sha256').update('x').digest('hex').slice(0, 8))\n"},
		argv:  []string{"node", "prog.js"}, says: "2d711642\n", least: true,
	},
	{
		name:  "gcc",
		files: map[string]string{"hello.c": "#include <stdio.h>\nint main(void) { puts(\"hello\"); }\n"},
		argv:  []string{"sh", "-c", "gcc -O1 hello.c -o hello && ./hello", "sh", "hello.c"}, says: "hello\n",
	},
	{
		name:  "java",
		files: map[string]string{"Main.java": "public class Main { public static void main(String[] a) { System.out.println(java.util.List.of(1, 2)); } }\n"},
		flags: []string{"--memory", "1G"}, argv: []string{"java", "Main.java"}, says: "[1, 2]\n",
	},
	{
		name:  "go server",
		files: map[string]string{"go.mod": "module served\n\ngo 1.26\n", "main.go": goServer},
		argv:  []string{"./served"}, says: "served /x\n",
	},
	{
		name: "pipeline",
		argv: []string{"sh", "-c", `printf 'b\na\n' | sort | tr a-z A-Z | sed s/A/x/ | awk '{ print NR, $1 }'`}, says: "1 x\n2 B\n",
	},
}

const goServer = `package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "served", r.URL.Path) }))
	r, err := http.Get("http://" + l.Addr().String() + "/x")
	if err != nil {
		panic(err)
	}
	text, _ := io.ReadAll(r.Body)
	fmt.Print(string(text))
}
`

func TestALearntPolicyWorksAndGrantsNoMore(t *testing.T) {
	probes := labOf(t, "reach")
	for _, lesson := range lessons {
		for _, uid := range []int{0, 65534} {
			t.Run(lesson.name+"/"+strconv.Itoa(uid), func(t *testing.T) {
				dir := classroom(t, uid, lesson.files)
				learnt := filepath.Join(dir, "policy.toml")
				jail := func(argv ...string) (string, int) { return inRoom(t, uid, dir, argv...) }
				argv := append(append([]string{"learn", "--out", learnt}, lesson.flags...), append([]string{"--"}, lesson.argv...)...)
				if said, status := jail(argv...); status != 0 || said != lesson.says {
					t.Fatalf("learn: %q, status %d", said, status)
				}
				run := append([]string{"exec", "--quiet", "--policy", learnt, "--"}, lesson.argv...)
				if said, status := jail(run...); status != 0 || said != lesson.says {
					t.Fatalf("with what was learnt: %q, status %d", said, status)
				}
				reach := []string{"exec", "--quiet", "--policy", learnt, "--ro", probes, "--", filepath.Join(probes, "reach"),
					"/etc/shadow", "/etc/os-release", "/usr/bin/env", "/usr/bin/perl", "/usr/share/doc", learnt}
				if said, status := jail(reach...); status != 0 {
					t.Errorf("under what was learnt a program reaches %q, status %d", said, status)
				}
				if lesson.least {
					everyLineIsNeeded(t, learnt, func() bool {
						said, status := jail(run...)
						return status == 0 && said == lesson.says
					})
				}
			})
		}
	}
}

// The probe must reach something where nothing keeps it from that.
func TestTheReachingProgramReaches(t *testing.T) {
	probes := labOf(t, "reach")
	said, err := exec.Command(filepath.Join(probes, "reach"), "/etc/os-release", "/usr/bin/env").Output()
	if !strings.Contains(string(said), "/usr/bin/env") || !strings.Contains(string(said), "packet socket") {
		t.Errorf("%v, %q", err, said)
	}
}

// everyLineIsNeeded takes out each line that grants something, alone.
func everyLineIsNeeded(t *testing.T, learnt string, works func() bool) {
	t.Helper()
	whole, err := os.ReadFile(learnt)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(whole), "\n")
	tried := 0
	for i, line := range lines {
		if !strings.HasPrefix(line, "  ") {
			continue
		}
		tried++
		less := strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "")
		if err := os.WriteFile(learnt, []byte(less), 0o644); err != nil {
			t.Fatal(err)
		}
		if works() {
			t.Errorf("it works without %s", line)
		}
	}
	if err := os.WriteFile(learnt, whole, 0o644); err != nil || tried < 5 || !works() {
		t.Errorf("%v, %d lines tried, or the whole policy fails", err, tried)
	}
}

// classroom is a user's folder with the files of a lesson.
func classroom(t *testing.T, uid int, files map[string]string) string {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "jail-e2e-learn-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, is := files["go.mod"]; is {
		build := exec.Command("go", "build", "-o", "served", ".")
		build.Dir, build.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, uid, uid); err != nil {
		t.Fatal(err)
	}
	return dir
}

// inRoom runs jail there, and gives the program's output and jail's status.
func inRoom(t *testing.T, uid int, dir string, argv ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(built, argv...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if status := cmd.ProcessState.ExitCode(); status != 0 {
		t.Logf("%v: status %d, %s", argv, status, errs.String())
	}
	return string(out), cmd.ProcessState.ExitCode()
}
