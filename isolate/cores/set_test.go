package cores

import (
	"errors"
	"testing"
)

func TestASetIsPrintedAsTheKernelDoes(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "0": "0", "1,0": "0-1", "3,0-1": "0-1,3", "5-5": "5", "62-65,1023": "62-65,1023", "0-0,2,1": "0-2", " 0-3\n": "0-3",
	} {
		s, err := ParseSet(in)
		if err != nil || s.String() != want {
			t.Errorf("%q is %q, %v; want %q", in, s, err, want)
		}
		again, err := ParseSet(s.String())
		if err != nil || again != s {
			t.Errorf("%q does not survive being printed: %q, %v", in, again, err)
		}
	}
	for _, bad := range []string{"x", "1-", "-1", "2-1", "1024", "0,,1", "0, 1"} {
		if s, err := ParseSet(bad); !errors.Is(err, errRange) {
			t.Errorf("%q is %q, %v", bad, s, err)
		}
	}
}

func TestSetsAreCountedAndTakenApart(t *testing.T) {
	a, _ := ParseSet("0-3,64")
	b, _ := ParseSet("1,64-70")
	if got := a.Minus(b).String(); got != "0,2-3" {
		t.Errorf("less: %s", got)
	}
	if got := a.Plus(b); got.String() != "0-3,64-70" || got.Count() != 11 || got.first() != 0 || got.last() != 70 {
		t.Errorf("both: %s", got)
	}
	if (Set{}).first() != -1 || (Set{}).last() != -1 || !(Set{}).Empty() {
		t.Error("nothing has a first, a last, or something")
	}
	if m := b.Mask(); m[0] != 2 || m[8] != 0x7f {
		t.Errorf("mask %x", m)
	}
}

func TestOwnIsWhatTheKernelLetsUsUse(t *testing.T) {
	own, err := Own()
	if err != nil || own.Empty() {
		t.Fatal(own, err)
	}
}
