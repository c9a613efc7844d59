package seccomp

import "testing"

func TestTheIndexSaysWhatTheTableSays(t *testing.T) {
	for _, v := range wide {
		r := v.Rules()
		x := r.Index()
		inputs(r, func(d Data) {
			if d.Arch != NativeArch {
				return
			}
			group, why, fix := r.Why(int(d.Nr), d.Args)
			if fix == "" && Allowable(Name(int(d.Nr))) == CanAllow {
				fix = "--allow-syscall " + Name(int(d.Nr))
			}
			want := Judged{Reference(r, d), group + ": " + why, fix}
			if got := x.Judge(d.Nr, d.Args); got != want {
				t.Fatalf("%s %+v: %+v, want %+v", Name(int(d.Nr)), d, got, want)
			}
		})
	}
}
