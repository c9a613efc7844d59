package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// layered is a root of n layers as the store calls them.
func layered(n int, name string) *Input {
	in := image(true)
	in.Layers[0].Lowers = nil
	for i := range n {
		in.Layers[0].Lowers = append(in.Layers[0].Lowers, fmt.Sprintf("%064x/%s", i, name))
	}
	return in
}

func TestTheNamesOfLayersFitIntoAMountsOptions(t *testing.T) {
	const page = 4096
	for _, c := range []struct {
		layers int
		name   string
		links  bool
	}{{1, "tree", false}, {40, "tree", false}, {51, "tree", false}, {52, "tree", true}, {128, "tree", true}, {2, "a:b", true}, {2, "a,b", true}, {2, `a\b`, true}} {
		in := layered(c.layers, c.name)
		p := compiled(t, in)
		links, mounts := 0, 0
		for i := range p.Ops {
			o := &p.Ops[i]
			if o.Call == unix.SYS_SYMLINKAT && strings.HasPrefix(o.Step, "name a layer") {
				links++
			}
			if o.Call != unix.SYS_MOUNT {
				continue
			}
			if options, _ := p.CString(o.Args[4]); strings.HasPrefix(options, "lowerdir=j:") {
				mounts++
				if names := strings.Join(in.Layers[0].Names(0), ":"); !strings.HasPrefix(options, "lowerdir="+names+",") || len(options) >= page || len(names)+512 > in.MountsSize() {
					t.Errorf("%d of %s: %s", c.layers, c.name, options)
				}
			}
		}
		if mounts != 1 || c.links && links != c.layers || !c.links && links != 0 {
			t.Errorf("%d of %s have %d mounts and %d links", c.layers, c.name, mounts, links)
		}
	}
}

func TestALayerHasOneName(t *testing.T) {
	for _, n := range []int{1, 40, 128} {
		names := layered(n, "tree").Layers[0].Names(0)
		if slices.Sort(names); len(slices.Compact(names)) != n+1 {
			t.Errorf("%d layers have the names %q", n, names)
		}
	}
}
