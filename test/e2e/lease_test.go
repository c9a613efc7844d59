package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jailrun/jail/internal/alone"
	"github.com/jailrun/jail/isolate/cores"
)

// A wait for a lease says who is waited for, and a Ctrl-C ends it.
func TestAWaitForALeaseIsToldAndEnded(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	own, err := cores.Own()
	if err != nil {
		t.Fatal(err)
	}
	l, err := cores.Take(t.Context(), cores.Request{Number: own.Count()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	for flag, want := range map[string]string{
		"--cores=1": "jail: waiting for cores that are leased by process " + strconv.Itoa(os.Getpid()) + ";",
		"--quiet":   "",
	} {
		c := exec.Command(built, "exec", "--cores", "1", flag, "--", "true")
		r, err := c.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(cores.WaitNotice+200*time.Millisecond, func() { _ = c.Process.Signal(syscall.SIGINT) })
		said := make([]byte, 4096)
		n, _ := r.Read(said)
		if !strings.HasPrefix(string(said[:n]), want) || want == "" && strings.Contains(string(said[:n]), "waiting") {
			t.Errorf("%s: %q, want %q", flag, said[:n], want)
		}
		_ = c.Wait()
		if ws := c.ProcessState.Sys().(syscall.WaitStatus); !ws.Signaled() || ws.Signal() != syscall.SIGINT {
			t.Errorf("%s: it ended with %v, not by the signal", flag, ws)
		}
	}
}

func TestCalibrateEndsSoonAndLeasesACore(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	begin := time.Now()
	out, err := exec.Command(built, "calibrate", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Shared, Leased struct {
			Runs int
			P50  int64 `json:"p50_ns"`
		}
		Host, Settings []struct{ Name, Mark, Value, Mend string }
	}
	if err := json.Unmarshal(out, &c); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	if c.Shared.Runs == 0 || c.Leased.Runs != c.Shared.Runs || c.Leased.P50 == 0 || len(c.Host) < 6 || len(c.Settings) < 4 {
		t.Errorf("%+v", c)
	}
	for _, f := range append(c.Host, c.Settings...) {
		if f.Name == "" || f.Value == "" || f.Mark == "note" && f.Mend == "" {
			t.Errorf("a finding that says too little: %+v", f)
		}
	}
}
