package isolate

import (
	"strings"
	"testing"

	"github.com/jailrun/jail/isolate/notify"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

// Who is shown a result must be able to read it, whatever paths a program has
// filled it with.
func TestAFullListOfLongPathsIsRead(t *testing.T) {
	for _, char := range []string{"x", "\xff", "\"", "<", "\u202e"} {
		res, name := result.New("x"), quoted("/usr/"+strings.Repeat(char, 4000/len(char)))
		for range watchedRows {
			res.Denials = append(res.Denials, result.Denial{
				Layer: policy.LayerRootfs, Syscall: "openat", Object: name, Count: 1, Args: words([6]uint64{1 << 63, 1 << 63, 1 << 63, 1 << 63, 1 << 63, 1 << 63}),
				Rule: "permissions: the jail's user is no owner of the host's files", Fix: "let everybody read it on the host: chmod o+rX " + name,
			})
		}
		res.Denials = append(res.Denials, result.Denial{Syscall: notify.Other})
		if line := res.AppendLine(nil); len(line) > 4<<20 {
			t.Errorf("of %q the result has %d bytes", char, len(line))
		}
	}
}
