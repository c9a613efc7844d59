package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/isolate/result"
)

// A program that makes suspicious calls as fast as it can pays for them itself: it
// waits for each answer, and the supervisor, the log and the result stay small.
func TestAFloodOfSuspiciousCallsIsItsCallersToPay(t *testing.T) {
	const wall = 8 * time.Second
	dir, room := labOf(t, "ptraces"), classroom(t, 0, nil)
	log, told := filepath.Join(room, "audit.jsonl"), filepath.Join(room, "result.json")
	cmd := exec.Command(built, "exec", "--quiet", "--json", told, "--audit", log, "--wall", wall.String(), "--ro", dir, "--", filepath.Join(dir, "ptraces"), "1000000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(wall / 2)
	used, peak := spent(t, cmd.Process.Pid)
	_ = cmd.Wait() // its status is the verdict's
	text, err := os.ReadFile(told)
	if err != nil {
		t.Fatal(err)
	}
	var res result.Result
	if err := json.Unmarshal(text, &res); err != nil {
		t.Fatal(err)
	}
	if res.Reason != result.WallLimit || len(res.Denials) != 1 || res.Denials[0].Count < 100 {
		t.Fatalf("%s, denials %+v", res.Reason, res.Denials)
	}
	share := used.Seconds() / (wall / 2).Seconds()
	t.Logf("%d calls, %.1f %% of a core, %d KiB", res.Denials[0].Count, 100*share, peak)
	if share > 0.05 {
		t.Errorf("the supervisor took %.1f %% of a core", 100*share)
	}
	if peak > 32<<10 {
		t.Errorf("the supervisor took %d KiB", peak)
	}
	logged, err := os.ReadFile(log)
	if lines := bytes.Count(logged, []byte("\n")); err != nil || lines > 12 || len(text) > 16<<10 {
		t.Errorf("%v, %d lines in the log, %d bytes of result", err, lines, len(text))
	}
}

// spent gives a process's CPU time, and the most memory that it had, KiB.
func spent(t *testing.T, pid int) (cpu time.Duration, peak int64) {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	for _, ticks := range f[11:13] { // utime and stime, in USER_HZ: proc_pid_stat(5)
		n, err := strconv.ParseInt(ticks, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		cpu += time.Duration(n) * 10 * time.Millisecond
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(rest, &peak); err != nil {
		t.Fatal(err)
	}
	return cpu, peak
}
