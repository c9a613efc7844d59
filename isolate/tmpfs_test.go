package isolate

import (
	"strings"
	"testing"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/policy"
)

func TestATmpfsHoldsNoMoreThanItsSize(t *testing.T) {
	const fill = `stat -c '%a %u' /cache; head -c 3145728 /dev/zero > /cache/x 2>/dev/null; stat -c %s /cache/x; i=0; while [ $i -lt 40 ] && true > /cache/$i; do i=$((i+1)); done 2>/dev/null; echo $i`
	for _, c := range []struct {
		size, disk size.Bytes
		inodes     int64
		want       string
	}{
		{1 << 20, 0, 0, "700 1000 1048576 40"},
		{1 << 20, policy.Unlimited, policy.Unlimited, "700 1000 1048576 40"},
		{1 << 20, 0, 20, "700 1000 1048576 28"}, // the quota's own folders' inodes come on top
		{0, 2 << 20, 0, "700 1000 2097152 40"},
		{4 << 20, 2 << 20, 0, "700 1000 2097152 40"},
	} {
		p := &policy.Policy{
			Files:  []policy.File{{Kind: policy.FileTmpfs, Target: "/cache", Size: c.size}},
			Limits: policy.Limits{Disk: c.disk, Inodes: c.inodes},
		}
		out, err := Command(p, "sh", "-c", fill).Output()
		if got := strings.Join(strings.Fields(string(out)), " "); got != c.want {
			t.Errorf("%+v: %q, %v; want %q", c, got, err, c.want)
		}
	}
}
