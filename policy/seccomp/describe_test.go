package seccomp

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestDescribedRowsSayEverything(t *testing.T) {
	rows := DefaultRules().Describe()
	calls := map[string]bool{}
	for _, r := range rows {
		calls[r.Call] = true
		if r.Group == "" || r.Why == "" || r.Answer.String() == "" {
			t.Errorf("incomplete row %+v", r)
		}
		if nr, ok := Number(r.Call); ok && nr != r.Number {
			t.Errorf("%s has number %d, want %d", r.Call, r.Number, nr)
		}
	}
	if got := len(calls) - 1; got != len(byName) {
		t.Errorf("%d calls described, want %d", got, len(byName))
	}
}

func TestEveryCheckIsPutInWords(t *testing.T) {
	for _, c := range DefaultRules().Checks {
		if c.Words == "" {
			t.Errorf("a check of %s has no words", c.Call)
		}
	}
}

func TestACallsLastRowIsTheOneThatAlwaysHolds(t *testing.T) {
	var got []string
	for _, r := range DefaultRules().Describe() {
		if r.Call == "personality" || r.Call == "clone" || r.Call == "sync" || r.Answer.Kind == KindBudget {
			got = append(got, r.Call+": "+r.When+": "+r.Answer.String())
		}
	}
	want := []string{
		"clone: flags have any CLONE_NEW*: EPERM, reported",
		"clone: : allow",
		"prctl: option is PR_SET_SECCOMP with SECCOMP_MODE_FILTER: allow 64 at once, then ENOMEM, reported",
		"personality: persona is 0 or the query 0xffffffff: allow",
		"personality: any other persona: EPERM",
		"socket: AF_NETLINK, NETLINK_ROUTE: allow 16 at once, then ENOBUFS, reported",
		"listen: : allow 64 at once, then ENOBUFS, reported",
		"seccomp: SECCOMP_SET_MODE_FILTER: allow 64 at once, then ENOMEM, reported",
		"sync: : nothing, told as done",
	}
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("row %d: %q, want %q", i, got[i], want[i])
		}
	}
}

func TestWhyNamesTheDecidingRow(t *testing.T) {
	r := DefaultRules()
	for _, c := range []struct {
		nr    int
		args  [6]uint64
		group string
		fix   bool
	}{
		{unix.SYS_MOUNT, [6]uint64{}, "mount", true},
		{unix.SYS_CLONE, [6]uint64{unix.CLONE_NEWUSER}, "processes", true},
		{unix.SYS_SCHED_SETSCHEDULER, [6]uint64{0, unix.SCHED_FIFO}, "processes", true},
		{1000, [6]uint64{}, "unknown", false},
		{-1, [6]uint64{}, "skipped", false},
	} {
		group, reason, fix := r.Why(c.nr, c.args)
		if group != c.group || reason == "" || (fix != "") != c.fix {
			t.Errorf("Why(%d) = %q, %q, %q; want group %q, a fix %t", c.nr, group, reason, fix, c.group, c.fix)
		}
	}
	if _, reason, _ := r.Why(unix.SYS_CLONE, [6]uint64{unix.CLONE_NEWUSER}); reason != whyNamespace {
		t.Errorf("the check's reason is hidden by its group's: %q", reason)
	}
}
