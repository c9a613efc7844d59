package cores

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// lay writes the folders of a machine that this one is not: two threads to a
// core, numbered as most hosts do.
func lay(t *testing.T, file string, siblings ...string) topology {
	root := t.TempDir()
	for cpu, list := range siblings {
		dir := filepath.Join(root, "cpu"+strconv.Itoa(cpu), "topology")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(list+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return topology{root}
}

func TestALeaseIsOfWholeCores(t *testing.T) {
	for _, file := range []string{"core_cpus_list", "thread_siblings_list"} {
		top := lay(t, file, "0,4", "1,5", "2,6", "3", "0,4", "1,5", "2,6") // the sibling of 3 is offline
		for own, want := range map[string][]string{
			"0-6":     {"0,4", "1,5", "2,6", "3"},
			"0-3,5":   {"1,5", "3"}, // half of 0 and of 2 is not ours
			"0,4":     {"0,4"},
			"0-2":     nil,
			"3":       {"3"},
			"0-7":     {"0,4", "1,5", "2,6", "3", "7"}, // of 7 nothing is told
			"4-6":     nil,
			"1-2,5-6": {"1,5", "2,6"},
		} {
			set, _ := ParseSet(own)
			got := top.whole(set)
			if len(got) != len(want) {
				t.Errorf("%s, of CPUs %s: %v, want %v", file, own, got, want)
				continue
			}
			for i := range got {
				if got[i].String() != want[i] {
					t.Errorf("%s, of CPUs %s: %v, want %v", file, own, got, want)
				}
			}
		}
	}
}

func TestThisMachinesCoresAreApart(t *testing.T) {
	own, err := Own()
	if err != nil {
		t.Fatal(err)
	}
	var all Set
	for _, c := range (topology{sysCPU}).whole(own) {
		if c.Empty() || !c.Minus(own).Empty() || c.Minus(all) != c {
			t.Errorf("core %s of %s, with %s before it", c, own, all)
		}
		all = all.Plus(c)
	}
}
