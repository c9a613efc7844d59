package learn

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/access"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// host is a folder in place of the host's root, with a program, its interpreter
// and a link to it.
func host(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(dir, "srv") // not below /tmp by name alone: the recorder is told what is the jail's
	for name, text := range map[string]string{"a/run": "#!" + dir + "/b/interpreter -x\n", "b/interpreter": "", "c/one": "", "c/two": ""} {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../a/run", filepath.Join(dir, "c/link")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestLinksAndInterpretersAreFollowed(t *testing.T) {
	dir := host(t)
	tr, links := newTree(), map[string]string{}
	at, ok := tr.walk(dir+"/c/../c/link", links)
	if !ok || at.path != dir+"/a/run" || at.dir || links[dir+"/c/link"] != "../a/run" || len(links) != 1 {
		t.Errorf("%+v, %t, %v", at, ok, links)
	}
	if by := tr.interpreter(at.path); by != dir+"/b/interpreter" {
		t.Errorf("interpreter %q", by)
	}
	if _, ok := tr.walk(dir+"/none", links); ok {
		t.Error("a file that is not there was found")
	}
	if by := interpreterOf("/bin/sh"); !strings.Contains(by, "ld-") {
		t.Errorf("the shell's loader is %q", by)
	}
}

func TestARecordIsWhatWasUsed(t *testing.T) {
	r := NewRecorder([]string{"/etc/passwd"})
	see := func(name string, errno unix.Errno, host string) {
		r.Saw(isolate.Seen{Call: "openat", Files: []access.Access{{Want: access.Want{Intent: access.Read}, Name: name, Real: name, Errno: errno, Host: host}}})
	}
	see("/etc/passwd", 0, "")
	see("/etc/nsswitch.conf", 0, "")
	see("/proc/self/exe", 0, "")
	see("/nowhere", unix.ENOENT, "")
	see("/etc/shadow", unix.ENOENT, "/etc/shadow")
	see("/opt/x", unix.ENOENT, "/opt/x")
	r.Saw(isolate.Seen{Call: "get_mempolicy", Passed: true, Rule: "numa: why"})
	r.Saw(isolate.Seen{Call: "clone3", Fixed: true, Rule: "clone3: why"})
	d := r.Draft(&policy.Policy{}, func(string) bool { return false })
	if !slices.Equal(r.Missing(), []string{"/opt/x"}) {
		t.Errorf("missing %v", r.Missing())
	}
	if len(d.Lines) != 2 || d.Lines[0].File.Source != "/etc/nsswitch.conf" || d.Lines[0].Wide == "" || d.Lines[1].Call != "get_mempolicy" {
		t.Errorf("lines %+v", d.Lines)
	}
	if len(d.Notes) != 2 || !strings.HasPrefix(d.Notes[0], "clone3 can't") || !strings.HasPrefix(d.Notes[1], "/etc/shadow can't") {
		t.Errorf("notes %q", d.Notes)
	}
}

// A name says nothing of where it leads: by ".." behind a link of its own a program
// reads its own file by a name that is a key's on the host.
func TestOnlyWhatTheJailFoundIsLearnt(t *testing.T) {
	dir := host(t)
	for _, c := range []struct {
		name, real string
		intent     access.Intent
		want       []string
	}{
		{"/c/one", "/c/one", access.Read, []string{"/c/one"}},
		{"/a/../c/link", "/a/run", access.Read, []string{"/a/run"}},
		{"/c/link", "/c/link", access.NoLink, []string{"/a/run"}},
		{"/c/one", "/elsewhere/c/one", access.Read, nil},
		{"/c/one", "", access.Create | access.Write, nil},
	} {
		r := NewRecorder(nil)
		r.below = nil // the test's own folder is below one of them
		if c.real != "" {
			c.real = dir + c.real
		}
		r.Saw(isolate.Seen{Call: "openat", Files: []access.Access{{Want: access.Want{Intent: c.intent}, Name: dir + c.name, Real: c.real}}})
		var got []string
		for _, name := range sorted(r.needs) {
			got = append(got, strings.TrimPrefix(name, dir))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v", c, got)
		}
	}
	r := NewRecorder(nil)
	r.below = nil
	if err := unix.Mknod(dir+"/socket", unix.S_IFSOCK|0o700, 0); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/etc/shadow", "/root", "/etc", dir + "/socket"} {
		r.Saw(isolate.Seen{Call: "openat", Files: []access.Access{{Want: access.Want{Intent: access.Read}, Name: name, Real: name}}})
		r.Saw(isolate.Seen{Call: "openat", Files: []access.Access{{Want: access.Want{Intent: access.Read}, Name: name, Host: name, Errno: unix.ENOENT}}})
	}
	r.Absorb()
	if len(r.needs)+len(r.missing) > 0 || len(r.secrets) != 4 {
		t.Errorf("needs %v, missing %v, secrets %v", r.needs, r.missing, r.secrets)
	}
}

func TestNoProgramHoldsUpWhoLooksForItsInterpreter(t *testing.T) {
	dir := host(t)
	if err := unix.Mkfifo(dir+"/fifo", 0o700); err != nil {
		t.Fatal(err)
	}
	for name, by := range map[string]string{"self": "self", "there": "back", "back": "there"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!"+dir+"/"+by+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	tr := newTree()
	if by := tr.interpreter(dir + "/fifo"); by != "" {
		t.Errorf("a FIFO is run by %s", by)
	}
	for _, name := range []string{"/self", "/there"} {
		r := NewRecorder(nil)
		r.below = nil
		r.Program(dir + name)
		if len(r.needs) == 0 {
			t.Error("nothing was noted of", name)
		}
	}
}

func draft() *Draft {
	return &Draft{
		Base: &policy.Policy{Files: []policy.File{{Kind: policy.FileRW, Source: "/srv/out", Target: "/srv/out"}}, Env: []string{"A=b\"\n"}, Limits: policy.Limits{Pids: 9}},
		Lines: []Line{
			{File: policy.File{Kind: policy.FileRO, Source: "/opt/a \"b\"\u202e", Target: "/opt/a \"b\"\u202e"}, Why: "openat\nforged = 1"},
			{File: policy.File{Kind: policy.FileLink, Target: "/opt/l", To: "a"}, Why: "a link", Wide: "x"},
			{Call: "sync", Why: "sync: why", Wide: "the default refuses it"},
		},
		Notes: []string{"evil\nview = \"host\""},
	}
}

func TestTheTextIsThePolicy(t *testing.T) {
	d := draft()
	text, err := d.Text("prog\nview = \"host\"")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, "\u202e") {
		t.Error("the order of a line is turned")
	}
	file := filepath.Join(t.TempDir(), "p.toml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := policy.Load(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	want := d.Policy(nil)
	if diff := cmp.Diff(want.Resolve(policy.Caller{}), got.Resolve(policy.Caller{}), cmpopts.IgnoreFields(policy.File{}, "Origin")); diff != "" {
		t.Errorf("%s\n%s", diff, text)
	}
}

func TestWhatIsNotNeededIsLeftOut(t *testing.T) {
	d := draft()
	d.Lines[1].Kept = true
	tries := 0
	err := d.Reduce(func(p *policy.Policy) (bool, error) {
		tries++
		return len(p.Seccomp.Allow) == 1, nil
	})
	if err != nil || tries != 2 || len(d.Lines) != 2 || d.Lines[0].File.To != "a" || d.Lines[1].Call != "sync" {
		t.Errorf("%v after %d tries: %+v", err, tries, d.Lines)
	}
}

func TestAnEarlierPolicyIsKept(t *testing.T) {
	d := draft()
	d.Merge(&policy.Policy{
		Files:   []policy.File{{Kind: policy.FileRO, Source: "/opt/c"}, {Kind: policy.FileRW, Source: "/opt/w"}, {Kind: policy.FileLink, Target: "/opt/l", To: "a"}},
		Seccomp: policy.Seccomp{Allow: []string{"sync", "kcmp"}}, Limits: policy.Limits{Pids: 20, Memory: policy.Unlimited},
	}, func(string) bool { return false })
	kept, wide := 0, 0
	for _, l := range d.Lines {
		if l.Kept {
			kept++
		}
		if l.Kept && l.Wide != "" {
			wide++
		}
	}
	if len(d.Lines) != 6 || kept != 5 || wide != 4 || d.Base.Limits.Pids != 20 || d.Base.Limits.Memory != policy.Unlimited {
		t.Errorf("%d kept of %+v; %+v", kept, d.Lines, d.Base.Limits)
	}
}
