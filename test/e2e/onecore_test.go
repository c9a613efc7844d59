package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What a goroutine carries must not wait for the runtime's monitor, which lets
// another run where the only core's right to run Go is held by the main one's
// wait: 64 KiB in 10 ms would be some forty times slower.
func TestOutputOnOneCoreIsCarriedAtOnce(t *testing.T) {
	dir := openDir(t)
	script := "import os\nb = b'x' * 65536\nfor i in range(512):\n    os.write(2, b)\n"
	for _, name := range []string{"prog.py", "beside.py"} { // a file beside it has its errors read along
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	took := func(flags ...string) time.Duration {
		args := append([]string{"-c", firstCore(t), built, "exec"}, flags...)
		c := exec.Command("taskset", append(args, "--", "python3", "prog.py")...)
		c.Dir = dir
		out, err := os.Create(filepath.Join(dir, "errors"))
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		c.Stderr = out
		begin := time.Now()
		if err := c.Run(); err != nil {
			t.Fatal(err)
		}
		return time.Since(begin)
	}
	direct, carried := took("--quiet"), took()
	if carried > 12*direct {
		t.Errorf("32 MiB took %v by a goroutine, and %v without", carried, direct)
	}
}

// firstCore is the number of one that we may run on.
func firstCore(t *testing.T) string {
	t.Helper()
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		t.Fatal(err)
	}
	for c := 0; ; c++ {
		if set.IsSet(c) {
			return strconv.Itoa(c)
		}
	}
}
