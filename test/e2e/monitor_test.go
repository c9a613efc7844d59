package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The runtime's monitor thread must not take the core from a launch. It can be
// missed when another process was faster to take the number after jail's.
func TestTheMonitorThreadWakesRarely(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("the tests run as root")
	}
	for range 10 {
		if monitorIsCalm(t) {
			return
		}
	}
	t.Error("in ten launches no thread of jail's has a timer slack of 1 ms")
}

func monitorIsCalm(t *testing.T) bool {
	t.Helper()
	cmd := exec.Command(built, "exec", "--", "cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	defer in.Close()
	if _, err := in.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	threads, err := filepath.Glob("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/task/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range threads {
		slack, err := os.ReadFile("/proc/" + filepath.Base(thread) + "/timerslack_ns")
		if err == nil && strings.TrimSpace(string(slack)) == "1000000" {
			return true
		}
	}
	return false
}
