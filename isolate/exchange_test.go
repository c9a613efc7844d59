package isolate

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/rootfs/exchange"
)

func TestWhatIsCopiedInIsTheProgramsOwnAndWhatItLeavesIsCopiedOut(t *testing.T) {
	dir := t.TempDir()
	c := Command(&policy.Policy{}, "sh", "-c", `cat a.txt && echo more >> a.txt && cat /tmp/d/b.txt && mkdir out && echo result > out/r && ln -s /etc/passwd out/link && mkfifo out/pipe`)
	var out bytes.Buffer
	c.Stdout = &out
	c.CopyIns = []CopyIn{
		{From: exchange.FromBytes([]byte("in\n")), To: "a.txt"},
		{From: exchange.FromBytes([]byte("deep\n")), To: "/tmp/d/b.txt"},
	}
	c.CopyOuts = []CopyOut{
		{From: "a.txt", To: exchange.ToPath(filepath.Join(dir, "a.txt"), exchange.HostOptions{})},
		{From: "out", To: exchange.ToFolder(dir, exchange.HostOptions{})},
	}
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	if out.String() != "in\ndeep\n" {
		t.Errorf("the program read %q", out.String())
	}
	for name, want := range map[string]string{"a.txt": "in\nmore\n", "out/r": "result\n"} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	for _, name := range []string{"out/link", "out/pipe"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s was copied: %v", name, err)
		}
	}
	list := c.Result().Copied
	if len(list) != 4 || list[3].Files != 1 || list[3].Skipped != 2 || list[3].Direction != result.CopiedOut {
		t.Errorf("%+v", list)
	}
}

func TestFilesAreCopiedWhileAProgramRuns(t *testing.T) {
	c := Command(&policy.Policy{}, "sh", "-c", `echo here > a; echo ready; read line; cat b`)
	w, err := c.StdinPipe()
	must(t, err)
	r, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	buf := make([]byte, 64)
	if _, err := r.Read(buf); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if _, err := c.CopyOut(t.Context(), "a", exchange.ToWriter(&got), exchange.OutOptions{}); err != nil || got.String() != "here\n" {
		t.Errorf("%q, %v", got.String(), err)
	}
	if _, err := c.CopyIn(t.Context(), exchange.FromBytes([]byte("there\n")), "b", exchange.InOptions{}); err != nil {
		t.Error(err)
	}
	if _, err := c.CopyOut(t.Context(), "/usr/bin/env", exchange.ToWriter(&got), exchange.OutOptions{}); err == nil {
		t.Error("a file of the host's was copied out")
	}
	_, _ = w.Write([]byte("\n"))
	n, _ := r.Read(buf)
	w.Close()
	must(t, c.Wait())
	if string(buf[:n]) != "there\n" {
		t.Errorf("the program read %q", buf[:n])
	}
	if _, err := c.CopyOut(t.Context(), "a", exchange.ToWriter(&got), exchange.OutOptions{}); err == nil {
		t.Error("copied out of a jail that is gone")
	}
}

func TestALaunchWithoutItsFilesIsNone(t *testing.T) {
	c := Command(&policy.Policy{}, "true")
	c.CopyIns = []CopyIn{{From: exchange.FromBytes([]byte("x")), To: "/usr/bin/true"}}
	err := c.Run()
	var le *LaunchError
	if !errors.As(err, &le) || c.Result().Reason != result.SetupFailed || !strings.Contains(err.Error(), "/usr/bin/true") {
		t.Errorf("%v, %v", err, c.Result().Reason)
	}
}

func TestAFileThatIsNotThereIsAnErrorAndTheVerdictStands(t *testing.T) {
	c := Command(&policy.Policy{}, "sh", "-c", "exit 3")
	c.CopyOuts = []CopyOut{{From: "none", To: exchange.ToWriter(&bytes.Buffer{})}}
	err := c.Run()
	var ce *CopyError
	var xe *ExitError
	if !errors.As(err, &ce) || !errors.As(err, &xe) || ce.From != "none" || *c.Result().ExitCode != 3 || c.Result().Copied[0].Error == "" {
		t.Errorf("%v, %+v", err, c.Result().Copied)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
