package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jailrun/jail/test/vm/job"
	"github.com/jailrun/jail/test/vm/kernels"
)

func TestSkipsKeepWhatTheirTestSaid(t *testing.T) {
	got := count([]byte(strings.Join([]string{
		"=== RUN   TestA",
		"=== RUN   TestB",
		"    b_test.go:3: needs a feature",
		"=== NAME  TestA",
		"    a_test.go:4: chatter",
		"--- PASS: TestA (0.00s)",
		"    --- SKIP: TestB (0.00s)",
		"--- FAIL: TestC/sub (0.00s)",
	}, "\n")))
	if got.passed != 1 || got.failed != 1 || len(got.skipped) != 1 || got.skipped[0].said != "b_test.go:3: needs a feature\n" {
		t.Errorf("%+v", got)
	}
}

func TestASkipIsExcusedInItsGuestsAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "skips")
	if err := os.WriteFile(path, []byte("# comment\n5.10,6.1 v2 *: needs the feature\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := readExcuses(path)
	if err != nil {
		t.Fatal(err)
	}
	at := func(series string, kind job.Cgroups) *boot {
		return &boot{tree: kernels.Tree{Kernel: kernels.Kernel{Series: series}}, cgroups: kind}
	}
	s := skipped{"TestA", "a_test.go:1: needs the feature X\n"}
	for _, c := range []struct {
		b    *boot
		s    skipped
		want bool
	}{
		{at("6.12", "v2"), s, false},
		{at("6.1", "hybrid"), s, false},
		{at("6.1", "v2"), skipped{"TestA", "needs another"}, false},
		{at("6.1", "v2"), s, true},
	} {
		if all[0].used {
			t.Fatal("used before it excused anything")
		}
		if got := excused(all, c.b, 0, c.s); got != c.want {
			t.Errorf("%s %s: %v", c.b.tree.Series, c.b.cgroups, got)
		}
	}
	if !all[0].used {
		t.Error("not marked as used")
	}
}

func TestALineThatExcusesTooMuchIsAnError(t *testing.T) {
	for _, line := range []string{"needs a feature", "* v2: needs a feature", "* * *: needs"} {
		path := filepath.Join(t.TempDir(), "skips")
		if err := os.WriteFile(path, []byte(line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if all, err := readExcuses(path); err == nil {
			t.Errorf("%q: %+v", line, all)
		}
	}
}

func TestAGoldenDiffersByALineOrNotAtAll(t *testing.T) {
	b := &boot{tree: kernels.Tree{Kernel: kernels.Kernel{Series: "6.1"}, Release: "6.1.0-57-x"}, cgroups: job.CgroupsV2}
	write, read := goldens{t.TempDir(), true}, goldens{}
	read.dir = write.dir
	if _, err := read.hold(b, 0, "g", []string{"a"}); err == nil {
		t.Error("nothing is kept, and nothing is missed")
	}
	if _, err := write.hold(b, 0, "g", []string{"kernel 6.1.0-57-x", "ns user:[4026532118]", "group /jobs/7/jail-7-70-1"}); err != nil {
		t.Fatal(err)
	}
	b.tree.Release = "6.1.0-58-x"
	same := []string{"kernel 6.1.0-58-x", "ns user:[4026532009]", "group /jobs/3/jail-8-81-2"}
	if d, err := read.hold(b, 0, "g", same); err != nil || len(d) > 0 {
		t.Errorf("%v, %v", d, err)
	}
	if d, _ := read.hold(b, 0, "g", []string{same[0], same[1], "group none"}); strings.Join(d, "|") != "- group /jobs/N/jail-N|+ group none" {
		t.Errorf("%q", d)
	}
}

func TestTheTableHasAColumnAUserAndARowAFact(t *testing.T) {
	boots := []*boot{
		{tree: kernels.Tree{Kernel: kernels.Kernel{Series: "6.1"}}, cgroups: job.CgroupsV2, rows: []row{
			{uid: 0, facts: []fact{{"PSI", "yes"}}},
			{uid: 1000, facts: []fact{{"PSI", "no"}, {"kill", "yes"}}},
		}},
		{cgroups: job.CgroupsHybrid, rows: []row{{facts: []fact{{"other", "yes"}}}}},
	}
	const want = "|      | 6.1 root | 6.1 uid 1000 |\n| ---- | -------- | ------------ |\n| PSI  | yes      | no           |\n| kill |          | yes          |\n"
	if got := gives(boots, job.CgroupsV2); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
