package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A supervisor that has launched its jail has a filter of its own, in each of its
// threads, and what it does until the end still works.
func TestASupervisorConfinesItself(t *testing.T) {
	for _, uid := range []int{0, 65534} {
		t.Run(strconv.Itoa(uid), func(t *testing.T) {
			cmd := exec.Command(built, "exec", "--quiet", "--", "sh", "-c", "echo ready; sleep 20")
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ready := make([]byte, 6)
			if _, err := out.Read(ready); err != nil {
				t.Error(err)
			}
			holdConfined(t, cmd.Process.Pid)
			_ = cmd.Process.Signal(syscall.SIGTERM) // passed on
			if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 128+15 {
				t.Errorf("%v", err)
			}
		})
	}
}

func holdConfined(t *testing.T, pid int) {
	t.Helper()
	end := time.Now().Add(5 * time.Second)
	for {
		files, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/status")
		if err != nil || len(files) == 0 {
			t.Fatalf("no threads: %v", err)
		}
		open := ""
		for _, f := range files {
			text, _ := os.ReadFile(f) // a thread may have ended
			if !strings.Contains(string(text), "Seccomp:\t2\n") || !strings.Contains(string(text), "NoNewPrivs:\t1\n") {
				open = f
			}
		}
		if open == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s has no filter", open)
		}
		time.Sleep(time.Millisecond)
	}
}
