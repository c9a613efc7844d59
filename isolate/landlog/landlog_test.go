package landlog

import (
	"slices"
	"testing"
)

func TestRefusalsOfOnesOwnDomainsAreTold(t *testing.T) {
	r := &Reader{ours: map[string]bool{}}
	r.Of(77)
	var got []Refusal
	tell := func(x Refusal) { got = append(got, x) }
	for _, l := range []struct {
		typ  uint16
		text string
	}{
		{typeAccess, `audit(1.0:1): domain=aa blockers=fs.write_file path="/proc/1/comm" dev="proc" ino=5`},
		{typeDomain, `audit(1.0:1): domain=aa status=allocated mode=enforcing pid=77 uid=0 exe="/x" comm="y"`},
		{typeSyscall, "audit(1.0:1): arch=c000003e syscall=257 success=no exit=-13 pid=78 comm=\"sh\"\x00"},
		{typeEnd, "audit(1.0:1): "},
		{typeAccess, `audit(1.0:2): domain=bb blockers=fs.read_file path="/other" dev="vda" ino=5`},
		{typeDomain, `audit(1.0:2): domain=bb status=allocated mode=enforcing pid=99 uid=0`},
		{typeAccess, `audit(1.0:3): domain=aa blockers=scope.signal opid=1 ocomm="init"`},
		{typeAccess, `audit(1.0:4): domain=aa blockers=fs.refer,fs.make_reg path=2F746D702F610A62 dev="tmpfs" ino=5`},
		{1327, `audit(1.0:4): proctitle="sh"`},
		{0, "noise"},
	} {
		r.line(l.typ, []byte(l.text), tell)
	}
	r.Flush(tell)
	want := []Refusal{
		{"fs.write_file", "/proc/1/comm", 78, 257},
		{"scope.signal", "", 0, -1},
		{"fs.refer,fs.make_reg", "/tmp/a\nb", 0, -1},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
