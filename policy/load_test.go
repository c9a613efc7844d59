package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jailrun/jail/internal/size"
)

const everythingTOML = `
profile = "wx-deny"
net = "none"
view = "host"
image = "debian:12"
root = "writable"
state = "build-1"
state_size = "2G"
user = "root"
capabilities = ["CHOWN"]
denials = "hidden"
chdir = "/data"
hostname = "judge-1"
group = "web/api"
verify = "full"
env = ["A=1", "B=two words"]
pass_env = ["LANG"]

[layers]
user_ns = "try"
time_ns = "off"

[limits]
cpu = "1.5s"
wall = "500ms"
idle = "unlimited"
memory = "64M"
swap = 0x1000000
memory_high = "48M"
hugetlb = "2M=4M"
rdma = "hca_handle=2"
pids = 32
cpu_max = "12.5%"
cpu_weight = 50
io_weight = 200
io_read_bps = 1048576
io_write_bps = "1M,8:0=2M"
io_read_ops = 100
io_write_ops = "/dev/x=unlimited"
output = 1_000
disk = "1GiB"
inodes = 0x10
file_size = "16M"
stack = "unlimited"
open_files = "unlimited"
cores = "0-1,3"
pids_action = "kill"
disk_action = "errno"

[seccomp]
on_suspicious = "kill"
kill_after = 3
allow = ["get_mempolicy", "sync"]

[hardware]
core_scheduling = true

[[files]]
kind = "ro"
source = "cases"
target = "/cases"
optional = true

[[files]]
kind = "rw"
source = "/run/docker.sock"
reason = "a CI runner that is trusted with the host"

[[files]]
kind = "tmpfs"
target = "/cache"
size = "32M"
`

const everythingJSON = `{
 "profile": "wx-deny", "net": "none", "view": "host", "image": "debian:12", "root": "writable", "state": "build-1", "state_size": "2G", "user": "root", "capabilities": ["CHOWN"], "denials": "hidden", "chdir": "/data", "hostname": "judge-1", "group": "web/api", "verify": "full",
 "env": {"A": "1", "B": "two words"}, "pass_env": ["LANG"],
 "layers": {"user_ns": "try", "time_ns": "off"},
 "limits": {"cpu": "1.5s", "wall": "500ms", "idle": "unlimited", "memory": "64M", "swap": "16M", "memory_high": "48M",
  "hugetlb": "2M=4M", "rdma": "hca_handle=2", "pids": 32, "cpu_max": "12.5%", "cpu_weight": 50, "io_weight": 200,
  "io_read_bps": "1048576", "io_write_bps": "1M,8:0=2M", "io_read_ops": 100, "io_write_ops": "/dev/x=unlimited", "output": 1000,
  "disk": "1GiB", "inodes": 16, "file_size": "16M", "stack": "unlimited", "open_files": "unlimited",
  "cores": "0-1,3", "pids_action": "kill", "disk_action": "errno"},
 "seccomp": {"on_suspicious": "kill", "kill_after": 3, "allow": ["get_mempolicy", "sync"]}, "hardware": {"core_scheduling": true},
 "files": [
  {"kind": "ro", "source": "cases", "target": "/cases", "optional": true},
  {"kind": "rw", "source": "/run/docker.sock", "reason": "a CI runner that is trusted with the host"},
  {"kind": "tmpfs", "target": "/cache", "size": "32M"}]
}`

func everything(dir string) *Policy {
	return &Policy{
		Profile: ProfileWXDeny, Net: NetNone, View: ViewHost, Image: "debian:12", Root: RootWritable, State: "build-1", StateSize: 2 * size.GiB, User: UserRoot, Capabilities: []string{"CHOWN"}, Denials: DenialsHidden, Chdir: "/data", Hostname: "judge-1", Group: "web/api", Verify: VerifyFull,
		Env: []string{"A=1", "B=two words"}, PassEnv: []string{"LANG"},
		Layers: Layers{LayerUserNS: Try, LayerTimeNS: Off},
		Limits: Limits{CPU: 1500 * time.Millisecond, Wall: 500 * time.Millisecond, Idle: Unlimited, Memory: 64 * size.MiB,
			Swap: Swap(16 * size.MiB), MemoryHigh: 48 * size.MiB, HugeTLB: "2M=4M", RDMA: "hca_handle=2",
			CPUMax: 1250, CPUWeight: 50, IOWeight: 200, IOReadBPS: "1048576", IOWriteBPS: "1M,8:0=2M", IOReadOps: "100", IOWriteOps: "/dev/x=unlimited",
			Pids: 32, Output: 1000, Disk: size.GiB, Inodes: 16, FileSize: 16 * size.MiB, Stack: Unlimited,
			OpenFiles: Unlimited, Cores: "0-1,3", PidsAction: ActionKill, DiskAction: ActionErrno},
		Seccomp: Seccomp{OnSuspicious: SuspiciousKill, KillAfter: 3, Allow: []string{"get_mempolicy", "sync"}}, Hardware: Hardware{CoreScheduling: true},
		Files: []File{
			{Kind: FileRO, Source: filepath.Join(dir, "cases"), Target: "/cases", Optional: true},
			{Kind: FileRW, Source: "/run/docker.sock", Reason: "a CI runner that is trusted with the host"},
			{Kind: FileTmpfs, Target: "/cache", Size: 32 * size.MiB},
		},
	}
}

func TestTOMLAndJSONSayTheSame(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.toml": everythingTOML, "a.json": everythingJSON, "toml.policy": everythingTOML, "json.policy": everythingJSON} {
		got, err := Load(write(t, dir, name, text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := cmp.Diff(everything(dir), got, cmpopts.IgnoreFields(File{}, "Origin")); d != "" {
			t.Errorf("%s:\n%s", name, d)
		}
		if err := got.Validate(); err != nil {
			t.Errorf("%s loads and isn't valid: %v", name, err)
		}
	}
}

func TestEveryFieldCanBeSetByAFile(t *testing.T) {
	v := reflect.ValueOf(*everything("/"))
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() && name != "Include" {
			t.Errorf("the test's file doesn't set %s", name)
		}
	}
	l := reflect.TypeFor[Limits]()
	if l.NumField() != len(limits) {
		t.Errorf("%d limits, %d rows", l.NumField(), len(limits))
	}
	for i := range l.NumField() {
		if key, _, _ := strings.Cut(l.Field(i).Tag.Get("toml"), ","); key != limits[i].key {
			t.Errorf("row %d is %s, the field's tag %s", i, limits[i].key, key)
		}
	}
}

func TestAnEmptyFileIsTheDefault(t *testing.T) {
	for name, text := range map[string]string{"a.toml": "", "b.toml": "# nothing\n", "a.json": "{}"} {
		got, err := Load(write(t, t.TempDir(), name, text))
		if err != nil || !reflect.DeepEqual(got, &Policy{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestAMistakeIsNamedWithItsPlaceKeyAndRemedy(t *testing.T) {
	for _, c := range []struct {
		text string
		at   [2]int
		key  string
		is   error
		hint string
	}{
		{"[limits]\nmemry = \"1M\"", [2]int{2, 1}, "limits.memry", ErrUnknownKey, `did you mean "memory"?`},
		{"[limits]\nopen-files = 3", [2]int{2, 1}, "limits.open-files", ErrUnknownKey, `"open_files"`},
		{"memory = \"1M\"", [2]int{1, 1}, "memory", ErrUnknownKey, "belongs in the table limits"},
		{"seccomp_ = 1", [2]int{1, 1}, "seccomp_", ErrUnknownKey, `"seccomp"`},
		{"user_ns = \"try\"", [2]int{1, 1}, "user_ns", ErrUnknownKey, "belongs in the table layers"},
		{"zzzzzzzz = 1", [2]int{1, 1}, "zzzzzzzz", ErrUnknownKey, "use include, profile,"},
		{"[layers]\nlandlok = \"try\"", [2]int{2, 1}, "layers.landlok", ErrUnknownKey, `"landlock"`},
		{"[layers]\nlandlock = \"maybe\"", [2]int{2, 12}, "layers.landlock", ErrUnknown, "use require, try or off"},
		{"[layers]\nlandlock = true", [2]int{2, 12}, "layers.landlock", ErrType, "want a string, got a boolean"},
		{"[layers]\nuser_ns = \"off\"", [2]int{2, 11}, "layers.user_ns", ErrMandatory, `"try"`},
		{"[layers]\nno_new_privs = \"try\"", [2]int{2, 16}, "layers.no_new_privs", ErrMandatory, "always required"},
		{"limits.cpu = 2", [2]int{1, 14}, "limits.cpu", ErrUnit, "write 2s"},
		{"limits.cpu = 1.5", [2]int{1, 14}, "limits.cpu", ErrUnit, "write 1.5s"},
		{"limits.cpu = \"2\"", [2]int{1, 14}, "limits.cpu", ErrUnit, "write 2s"},
		{"limits.cpu = \"-2s\"", [2]int{1, 14}, "limits.cpu", ErrNegative, ""},
		{"limits.cpu = \"0s\"", [2]int{1, 14}, "limits.cpu", ErrZero, "default"},
		{"limits.cpu = \"fast\"", [2]int{1, 14}, "limits.cpu", ErrValue, "2s"},
		{"limits.cpu = false", [2]int{1, 14}, "limits.cpu", ErrType, `"2s"`},
		{"limits.memory = \"64MB\"", [2]int{1, 17}, "limits.memory", size.ErrAmbiguous, ""},
		{"limits.memory = -1", [2]int{1, 17}, "limits.memory", size.ErrNegative, ""},
		{"limits.memory = \"1\"", [2]int{1, 17}, "limits.memory", ErrValue, "64K at least"},
		{"limits.open_files = 15", [2]int{1, 21}, "limits.open_files", ErrValue, "16 at least"},
		{"limits.memory = 0", [2]int{1, 17}, "limits.memory", ErrZero, "default"},
		{"limits.memory = 1.5", [2]int{1, 17}, "limits.memory", ErrType, `"64M"`},
		{"limits.pids = \"128\"", [2]int{1, 15}, "limits.pids", ErrType, "want an integer"},
		{"limits.pids = -1", [2]int{1, 15}, "limits.pids", ErrNegative, ""},
		{"limits.cores = \"3-1\"", [2]int{1, 16}, "limits.cores", ErrValue, "0-1,3"},
		{"limits.pids_action = \"explode\"", [2]int{1, 22}, "limits.pids_action", ErrUnknown, "errno or kill"},
		{"limits = 3", [2]int{1, 10}, "limits", ErrType, "want a table"},
		{"net = \"bridge\"", [2]int{1, 7}, "net", ErrUnknown, "loopback or none"},
		{"net = \"\"", [2]int{1, 7}, "net", ErrMissing, "loopback or none"},
		{"profile = 1979-05-27", [2]int{1, 11}, "profile", ErrType, "a date"},
		{"hostname = \"-x\"", [2]int{1, 12}, "hostname", ErrValue, ""},
		{"chdir = \"box\"", [2]int{1, 9}, "chdir", ErrValue, "absolute"},
		{"chdir = \"/a\\u0000b\"", [2]int{1, 9}, "chdir", ErrNUL, ""},
		{"chdir = \"\"", [2]int{1, 9}, "chdir", ErrMissing, ""},
		{"env = [\"A=1\", \"B\"]", [2]int{1, 15}, "env[1]", ErrValue, "NAME=VALUE"},
		{"env = [3]", [2]int{1, 8}, "env[0]", ErrType, ""},
		{"[env]\nA = 1", [2]int{2, 5}, "env.A", ErrType, "want a string"},
		{"[env]\n\"A=B\" = \"1\"", [2]int{2, 1}, "env.\"A=B\"", ErrValue, ""},
		{"pass_env = [\"A=1\"]", [2]int{1, 13}, "pass_env[0]", ErrValue, ""},
		{"[[files]]\nkind = \"ro\"", [2]int{1, 3}, "files[0].source", ErrMissing, ""},
		{"[[files]]\ntarget = \"/x\"", [2]int{1, 3}, "files[0].kind", ErrMissing, "ro, rw, cow, tmpfs, hide or link"},
		{"[[files]]\nkind = \"ro\"\nsource = \"/x\"\ntarget = \"x\"", [2]int{4, 10}, "files[0].target", ErrValue, "absolute"},
		{"[[files]]\nkind = \"hide\"\ntarget = \"/x/../y\"", [2]int{3, 10}, "files[0].target", ErrValue, `".."`},
		{"[[files]]\nkind = \"hide\"\ntarget = \"/\"", [2]int{3, 10}, "files[0].target", ErrValue, "root"},
		{"[[files]]\nkind = \"rw\"\nsource = \"/dev/shm/..\"", [2]int{3, 10}, "files[0].source", ErrDangerous, "reason"},
		{"[[files]]\nkind = \"rw\"\nsorce = \"/x\"", [2]int{3, 1}, "files[0].sorce", ErrUnknownKey, `"source"`},
		{"files = [{kind = \"tmpfs\", target = \"/t\", size = \"1MB\"}]", [2]int{1, 49}, "files[0].size", size.ErrAmbiguous, ""},
		{"[seccomp]\non_suspicious = \"allow\"", [2]int{2, 17}, "seccomp.on_suspicious", ErrUnknown, "deny or kill"},
		{"[seccomp]\nkill_after = 0", [2]int{2, 14}, "seccomp.kill_after", ErrValue, "1 or more"},
		{"[seccomp]\nallow = [\"sync\", \"bpf\"]", [2]int{2, 18}, "seccomp.allow[1]", ErrValue, "nothing allows it"},
		{"[seccomp]\nallow = [\"read\"]", [2]int{2, 10}, "seccomp.allow[0]", ErrValue, "leave it out"},
		{"[seccomp]\nallow = [\"personality\"]", [2]int{2, 10}, "seccomp.allow[0]", ErrValue, "arguments"},
		{"[seccomp]\nallow = [\"nonesuch\"]", [2]int{2, 10}, "seccomp.allow[0]", ErrUnknown, "by its name"},
		{"view = \"some\"", [2]int{1, 8}, "view", ErrUnknown, "host or none"},
		{"[hardware]\ncore_scheduling = \"yes\"", [2]int{2, 19}, "hardware.core_scheduling", ErrType, "a boolean"},
		{"include = [\"gone.toml\"]", [2]int{1, 12}, "include[0]", fs.ErrNotExist, ""},
		{"include = \"gone.toml\"", [2]int{1, 11}, "include", ErrType, "a list"},
		{"net = \"none\"\nnet = \"none\"", [2]int{2, 1}, "net", ErrSyntax, ""},
		{"net = ", [2]int{1, 6}, "", ErrSyntax, ""},
		{"\ufeffnet = \"none\"", [2]int{1, 1}, "", ErrSyntax, "without one"},
		{"net: none", [2]int{1, 4}, "", ErrSyntax, "read as TOML"},
		{`{"net": "none"}`, [2]int{1, 1}, "", ErrSyntax, "read as TOML"},
		{"net = \"none\" \x00", [2]int{1, 14}, "", ErrNUL, ""},
		{"hostname = \"\xff\"", [2]int{1, 13}, "", ErrNotUTF8, ""},
	} {
		name := write(t, t.TempDir(), "p.toml", c.text)
		p, err := Load(name)
		checkOne(t, c.text, name, p, err, c.at, c.key, c.is, c.hint)
	}
}

func TestAMistakeInJSONHasItsPlaceToo(t *testing.T) {
	for _, c := range []struct {
		text string
		at   [2]int
		key  string
		is   error
		hint string
	}{
		{"{\n \"limits\": {\"memry\": 1}}", [2]int{2, 13}, "limits.memry", ErrUnknownKey, `"memory"`},
		{"{\n \"limits\": {\"memory\":\n  \"64MB\"}}", [2]int{3, 3}, "limits.memory", size.ErrAmbiguous, ""},
		{`{"net": "none", "net": "loopback"}`, [2]int{1, 17}, "net", ErrDuplicate, ""},
		{`{"net": null}`, [2]int{1, 9}, "net", ErrType, "null"},
		{`{"limits": {"cpu": 2}}`, [2]int{1, 20}, "limits.cpu", ErrUnit, "write 2s"},
		{`{"limits": {"pids": 1e3}}`, [2]int{1, 21}, "limits.pids", ErrType, "or exponent"},
		{`net = "none"`, [2]int{1, 2}, "", ErrSyntax, "read as JSON"},
		{`{"net": "none"} {}`, [2]int{1, 17}, "", ErrSyntax, "more behind"},
		{`{"net": "none"`, [2]int{1, 15}, "", ErrSyntax, "too early"},
		{`{"net" "none"}`, [2]int{1, 8}, "", ErrSyntax, ""},
		{`{"env": ["A=\ud800"]}`, [2]int{1, 10}, "", ErrNotUTF8, "surrogate"},
		{`{"env": {"\udfff": "x"}}`, [2]int{1, 10}, "", ErrNotUTF8, "surrogate"},
		{`[]`, [2]int{1, 1}, "", ErrType, "want a table"},
		{``, [2]int{1, 1}, "", ErrSyntax, "too early"},
		{`{"env": ` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}", [2]int{1, 25}, "", ErrTooMany, "nesting"},
	} {
		name := write(t, t.TempDir(), "p.json", c.text)
		p, err := Load(name)
		checkOne(t, c.text, name, p, err, c.at, c.key, c.is, c.hint)
	}
}

func checkOne(t *testing.T, text, file string, p *Policy, err error, at [2]int, key string, is error, hint string) {
	t.Helper()
	all := Errors(err)
	if len(all) != 1 || p != nil {
		t.Errorf("%q: want one mistake, got %v", text, err)
		return
	}
	e := all[0]
	if e.File != file || e.Line != at[0] || e.Column != at[1] || e.Key != key || !errors.Is(err, is) || !strings.Contains(e.Hint, hint) {
		t.Errorf("%q: got %d:%d %q %v (hint %q)\nwant %d:%d %q %v (hint %q)", text, e.Line, e.Column, e.Key, e, e.Hint, at[0], at[1], key, is, hint)
	}
	if strings.ContainsAny(err.Error(), "\n\x00") {
		t.Errorf("%q: %q is not one line", text, err)
	}
}

func TestAllMistakesAreReportedInOrder(t *testing.T) {
	_, err := Load(write(t, t.TempDir(), "p.toml", "net = \"x\"\nchdr = \"/\"\n[limits]\ncpu = 2\nmemory = \"1MB\"\npids = 0\n"))
	var keys []string
	for _, e := range Errors(err) {
		keys = append(keys, e.Key)
	}
	if want := []string{"net", "chdr", "limits.cpu", "limits.memory", "limits.pids"}; !reflect.DeepEqual(keys, want) {
		t.Errorf("got %v, want %v", keys, want)
	}
}

func TestABrokenFileCannotFloodItsReader(t *testing.T) {
	_, err := Load(write(t, t.TempDir(), "p.toml", "pass_env = ["+strings.Repeat("1,", 100000)+"]"))
	if n := len(Errors(err)); n != maxErrors+1 {
		t.Errorf("%d mistakes are shown", n)
	}
	_, err = Load(write(t, t.TempDir(), "p.json", `{"env": {`+strings.TrimSuffix(numbered(5000), ",")+"}}"))
	if !errors.Is(err, ErrTooMany) {
		t.Errorf("a table of 5,000 keys: %v", err)
	}
}

func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`"K` + size.Bytes(i).String() + `x` + strings.Repeat("y", i%3) + `":"v",`)
	}
	return b.String()
}

func TestIncludesAreMergedFirst(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "sub/base.json", `{"net": "none", "limits": {"pids": 7, "memory": "1M"}, "env": ["A=1"],
		"files": [{"kind": "ro", "source": "here", "target": "/here"}]}`)
	write(t, dir, "sub/mid.toml", "include = [\"base.json\"]\nlimits.memory = \"2M\"\nenv = [\"B=2\"]")
	got, err := Load(write(t, dir, "top.toml", "include = [\"sub/mid.toml\"]\nlimits.pids = 9\nenv = [\"A=3\"]"))
	want := &Policy{Net: NetNone, Limits: Limits{Pids: 9, Memory: 2 * size.MiB}, Env: []string{"A=1", "B=2", "A=3"},
		Files: []File{{Kind: FileRO, Source: filepath.Join(dir, "sub/here"), Target: "/here"}}}
	if d := cmp.Diff(want, got, cmpopts.IgnoreFields(File{}, "Origin")); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
}

func TestAnIncludeCycleNamesItsChain(t *testing.T) {
	dir := t.TempDir()
	self := write(t, dir, "self.toml", "include = [\"./self.toml\"]")
	a := write(t, dir, "a.toml", "\ninclude = [\"b.toml\"]")
	write(t, dir, "b.toml", "include = [\"link.toml\"]")
	if err := os.Symlink("a.toml", filepath.Join(dir, "link.toml")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		self: self + " → " + self,
		a:    a + " → " + filepath.Join(dir, "b.toml") + " → " + filepath.Join(dir, "link.toml"),
	} {
		_, err := Load(name)
		all := Errors(err)
		if len(all) != 1 || !errors.Is(err, ErrCycle) || all[0].Hint != want || all[0].Line != 1 || all[0].Key != "include[0]" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIncludesCannotMultiply(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "0.toml", "")
	for i := range 9 {
		write(t, dir, size.Bytes(i+1).String()+".toml", strings.Replace(`include = ["N.toml", "N.toml"]`, "N", size.Bytes(i).String(), 2))
	}
	if _, err := Load(filepath.Join(dir, "9.toml")); !errors.Is(err, ErrTooMany) {
		t.Errorf("512 files were read: %v", err)
	}
}

func TestAMistakeInAnIncludedFileKeepsItsPlace(t *testing.T) {
	dir := t.TempDir()
	inner := write(t, dir, "inner.toml", "\n\nnet = 3")
	_, err := Load(write(t, dir, "outer.toml", "include = [\"inner.toml\"]\nverify = \"no\""))
	all := Errors(err)
	if len(all) != 2 || all[0].Key != "verify" && all[1].Key != "verify" || !strings.Contains(err.Error(), inner+":3:7: net") {
		t.Errorf("got %v", err)
	}
}

func TestEveryCharacterOfJSONSurvives(t *testing.T) {
	got, err := Load(write(t, t.TempDir(), "p.json", `{"env": ["A=\ud83d\ude00\uFFFD\ufffd�日\u0001"]}`))
	if err != nil || got.Env[0] != "A=😀\ufffd\ufffd\ufffd日\x01" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestOnlyABoundedRegularFileIsRead(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo.toml")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	big := write(t, dir, "big.toml", "#"+strings.Repeat(" ", maxFile))
	for name, want := range map[string]error{
		fifo: ErrNotRegular, dir: ErrNotRegular, "/dev/null": ErrNotRegular, big: ErrTooLarge,
		filepath.Join(dir, "gone.toml"): fs.ErrNotExist, filepath.Join(big, "x"): syscall.ENOTDIR, "a\x00b": syscall.EINVAL,
	} {
		_, err := Load(name)
		if len(Errors(err)) != 1 || !errors.Is(err, want) || Errors(err)[0].File != name {
			t.Errorf("Load(%q) = %v, want %v", name, err, want)
		}
	}
	if _, err := Load(write(t, dir, "full.toml", "#"+strings.Repeat(" ", maxFile-1))); err != nil {
		t.Errorf("a file of exactly 1 MiB: %v", err)
	}
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// Another package's error around it, as isolate's, takes none of them away.
func TestEveryMistakeIsFoundInAnErrorThatWrapsThem(t *testing.T) {
	p := &Policy{Hostname: "a b", Limits: Limits{Pids: -5, CPU: -5}}
	bare := Errors(p.Validate())
	if wrapped := Errors(fmt.Errorf("check the policy: %w", p.Validate())); len(bare) < 2 || len(wrapped) != len(bare) {
		t.Errorf("%d mistakes, %d in the wrapped error", len(bare), len(wrapped))
	}
}
