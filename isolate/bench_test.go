package isolate

import (
	"os"
	"os/exec"
	"sort"
	"testing"
	"time"
)

func TestRatio(t *testing.T) {
	if os.Getenv("RATIO") == "" {
		t.SkipNow()
	}
	var a, b []float64
	for i := 0; i < 200; i++ {
		s := time.Now()
		c := Command(nil, "/box/true")
		c.Files = []string{"/tmp/smoke/true"}
		if err := c.Run(); err != nil {
			t.Fatal(err)
		}
		a = append(a, time.Since(s).Seconds()*1000)
		s = time.Now()
		x := exec.Command("bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--ro-bind", "/usr", "/usr", "--ro-bind", "/etc/alternatives", "/etc/alternatives", "--ro-bind", "/etc/ssl", "/etc/ssl", "--ro-bind", "/tmp/smoke", "/prog", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--symlink", "usr/sbin", "/sbin", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/box", "--cap-drop", "ALL", "--clearenv", "/prog/true")
		if out, err := x.CombinedOutput(); err != nil {
			t.Fatal(err, string(out))
		}
		b = append(b, time.Since(s).Seconds()*1000)
	}
	sort.Float64s(a)
	sort.Float64s(b)
	t.Logf("jail p50 %.2f p95 %.2f  bwrap p50 %.2f p95 %.2f ratio %.2f", a[100], a[190], b[100], b[190], a[100]/b[100])
}
