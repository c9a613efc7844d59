package seccomp

import (
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// Whatever a listener does, nothing passes that is fixed; and without one nothing
// passes that the default refuses, but for what is allowed by name.
func TestWatchingWidensNothing(t *testing.T) {
	base := DefaultRules()
	for _, w := range []Watch{WatchExplain, WatchLearn} {
		r := Variant{Watch: w}.Rules()
		inputs(r, func(d Data) {
			was, is := Reference(base, d), Reference(r, d)
			if is.Return(Options{}) != was.Return(Options{}) {
				t.Errorf("%d: %s %+v alone: %v, was %v", w, Name(int(d.Nr)), d, is, was)
			}
			goesOn := is.Kind == KindAllow || is.Kind == KindWatch && is.Errno == 0
			passed := was.Kind == KindAllow
			if goesOn && !passed && (w == WatchExplain || base.Fixed(d) || Allowable(Name(int(d.Nr))) != CanAllow) {
				t.Errorf("%d: %s %+v goes on, was %v", w, Name(int(d.Nr)), d, was)
			}
			if passed && !goesOn {
				t.Errorf("%d: %s %+v: %v, was allowed", w, Name(int(d.Nr)), d, is)
			}
		})
	}
}

func TestCallsThatNameFilesAreWatched(t *testing.T) {
	r := Variant{Watch: WatchExplain}.Rules()
	for _, call := range byPath {
		nr, ok := Number(call)
		if !ok { // of another architecture
			continue
		}
		if a := Reference(r, native(nr)); a.Kind != KindWatch {
			t.Errorf("%s: %v", call, a)
		}
	}
	if a := Reference(r, native(unix.SYS_READ)); a != Allow() {
		t.Errorf("read: %v", a)
	}
}

func TestOnlyWhatCanBeAllowedIs(t *testing.T) {
	calls := []string{"mount", "keyctl", "clone3", "bpf", "io_uring_setup", "personality", "listen", "get_mempolicy", "sync", "nonesuch"}
	can := []string{"get_mempolicy", "sync"}
	base, all := DefaultRules(), ""
	for _, c := range calls {
		all += " " + c
		if got := Allowable(c) == CanAllow; got != slices.Contains(can, c) {
			t.Errorf("%s: %v", c, Allowable(c))
		}
	}
	r := Variant{Allow: all}.Rules()
	for nr := range names {
		d := native(nr)
		want := Reference(base, d)
		if slices.Contains(can, Name(nr)) {
			want = Allow()
		}
		if got := Reference(r, d); got != want {
			t.Errorf("%s: %v, want %v", Name(nr), got, want)
		}
	}
}
