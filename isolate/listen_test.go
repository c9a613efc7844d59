package isolate

import (
	"testing"

	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/policy"
)

// Memory is read on the loop, which limits depend on, only where no page of it is a
// file server's of the caller's.
func TestMemoryThatMayHangIsReadAside(t *testing.T) {
	for _, c := range []struct {
		files   []policy.File
		folders []plan.Folder
		want    bool
	}{{want: true}, {files: []policy.File{{Kind: policy.FileRO}}}, {folders: []plan.Folder{{Path: "/srv"}}}} {
		r := &run{policy: &policy.Policy{Files: c.files}, found: found{folders: c.folders}}
		if got := r.holdsNoPage(); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}
