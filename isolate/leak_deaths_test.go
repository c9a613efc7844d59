package isolate_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

// deaths are ends that are easily mistaken for one another.
var deaths = []struct {
	name   string
	script string
	limits policy.Limits
	reason result.Reason
	status int // jail's own exit status
	out    string
}{
	{"its own SIGKILL is a signal", "kill -9 $$", policy.Limits{}, result.Signaled, 137, ""},
	{"its own SIGTERM is a signal", "kill $$", policy.Limits{}, result.Signaled, 143, ""},
	{"its own SIGXCPU is no limit", "kill -XCPU $$", policy.Limits{CPU: 20 * time.Second}, result.Signaled, 152, ""},
	{"its own SIGXFSZ is no limit", "kill -XFSZ $$", policy.Limits{}, result.Signaled, 153, ""},
	{"its own SIGSYS is no refusal", "kill -SYS $$", policy.Limits{}, result.Signaled, 159, ""},
	{"its own SIGKILL under a limit of time is no limit", "kill -9 $$", policy.Limits{CPU: 20 * time.Second, Wall: time.Minute}, result.Signaled, 137, ""},
	{"a grandchild that a sibling killed is the program's affair",
		`mkfifo p; sh -c 'sleep 1000 & echo $! >p; wait $!; echo $? >q' & read pid <p; sh -c "kill -9 $pid"; wait; cat q`,
		policy.Limits{}, result.Exited, 0, "137"},
	{"exit 125 is the program's own", "exit 125", policy.Limits{}, result.Exited, 125, ""},
	{"exit 126 is the program's own", "exit 126", policy.Limits{}, result.Exited, 126, ""},
	{"exit 127 is the program's own", "exit 127", policy.Limits{}, result.Exited, 127, ""},
	{"exit 137 is the program's own", "exit 137", policy.Limits{}, result.Exited, 137, ""},
	{"a shell's 127 for what it can't find is its own", "nonesuch 2>/dev/null", policy.Limits{}, result.Exited, 127, ""},
	{"the first process's end is the jail's", "(trap '' TERM HUP; sleep 1000) & exit 3", policy.Limits{}, result.Exited, 3, ""},
}

func TestDeathsAreToldApart(t *testing.T) {
	for _, d := range deaths {
		t.Run(d.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // an end that is missed is canceled, and told
			defer cancel()
			c := isolate.CommandContext(ctx, &policy.Policy{Limits: d.limits}, "sh", "-c", d.script)
			out, _ := c.Output()
			holdDeath(t, c.Result(), d.reason, d.status)
			if got := strings.TrimSpace(string(out)); got != d.out {
				t.Errorf("it wrote %q, not %q", got, d.out)
			}
		})
	}
}

func TestAProgramThatIsNotThereIsNotItsExit127(t *testing.T) {
	c := isolate.Command(nil, "/nonesuch")
	_ = c.Run()
	holdDeath(t, c.Result(), result.SetupFailed, 127)
}

// A child alone meets the bound of memory, and its parent would go on.
func TestAChildOutOfMemoryEndsTheJail(t *testing.T) {
	needRoot(t) // a memory group
	c := isolate.Command(&policy.Policy{Limits: policy.Limits{Memory: 32 << 20}}, "sh", "-c", "dd if=/dev/zero of=/dev/null bs=104857600 count=1; true; exit 0")
	_, _ = c.Output()
	holdDeath(t, c.Result(), result.Memory, 137)
}

func holdDeath(t *testing.T, r *result.Result, reason result.Reason, status int) {
	t.Helper()
	if r.Reason != reason || result.ExitStatus(r) != status {
		t.Errorf("%s with status %d, not %s with %d: %s", r.Reason, result.ExitStatus(r), reason, status, result.Sentence(r))
	}
}
