package isolate

import (
	"testing"

	"github.com/jailrun/jail/isolate/access"
	"github.com/jailrun/jail/policy/seccomp"
)

// What the filter tells of as naming a file, somebody has to look at.
func TestEveryWatchedCallIsOneThatNamesAFile(t *testing.T) {
	for _, call := range seccomp.Watched() {
		if !access.Names(call) {
			t.Errorf("%s is watched, and its files are not looked for", call)
		}
	}
}
