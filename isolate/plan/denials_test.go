package plan

import (
	"slices"
	"testing"

	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/policy"
)

// What the caller shows at /run is his folder, in which nothing is made.
func TestTheFileOfDenialsIsMadeInNoFolderOfTheCallers(t *testing.T) {
	for _, c := range []struct {
		kind policy.FileKind
		at   string
		skip bool
		want bool
	}{
		{policy.FileRW, "/run", false, false}, {policy.FileRO, "/run", false, false}, {policy.FileRW, "/run", true, true},
		{policy.FileTmpfs, "/run", false, true}, {policy.FileRW, "/run/x", false, true}, {policy.FileRW, "/srv", false, true},
	} {
		in := files(false)
		in.Policy.Files[0] = policy.File{Kind: c.kind, Source: "/srv/run", Target: c.at}
		in.Sources[0].Skip = c.skip
		p := compiled(t, in)
		if made := slices.ContainsFunc(p.Ops, func(o tape.Op) bool { return o.Step == "make the file of denials" }); made != c.want {
			t.Errorf("%+v: made is %t", c, made)
		}
	}
}
