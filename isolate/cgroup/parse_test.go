package cgroup

import (
	"fmt"
	"reflect"
	"testing"
)

func TestNumberReadsOneNumberOnly(t *testing.T) {
	for in, want := range map[string]string{"0\n": "0 true", "33554432\n": "33554432 true", "max\n": "0 false", "": "0 false", "1 2\n": "0 false"} {
		v, ok := number([]byte(in))
		if got := fmt.Sprint(v, ok); got != want {
			t.Errorf("%q: %s", in, got)
		}
	}
}

const v1Stat = `cache 8192
rss 4096
swap 0
hierarchical_memory_limit 33554432
total_cache 9437184
total_rss 1052672
total_rss_huge 0
total_shmem 8388608
total_swap 4096
`

const v2Stat = `anon 1052672
file 9437184
kernel 131072
shmem 8388608
file_mapped 0
`

const v2Events = "low 0\nhigh 0\nmax 217\noom 3\noom_kill 2\noom_group_kill 1\n"

const v2CPU = `usage_usec 301221
user_usec 290000
system_usec 11221
core_sched.force_idle_usec 0
nr_periods 30
nr_throttled 4
throttled_usec 1500
`

func TestFieldMatchesWholeKeys(t *testing.T) {
	for _, c := range []struct {
		file, key string
		want      int64
		ok        bool
	}{
		{v1Stat, "total_rss", 1052672, true},
		{v1Stat, "rss", 4096, true},
		{v1Stat, "total_shmem", 8388608, true},
		{v1Stat, "shmem", 0, false},
		{v2Stat, "file", 9437184, true},
		{v2Stat, "anon", 1052672, true},
		{v2Stat, "", 0, false},
		{v2Events, "oom_kill", 2, true},
		{v2Events, "oom", 3, true},
		{v2Events, "max", 217, true},
		{v2CPU, "throttled_usec", 1500, true},
		{"oom_kill_disable 0\nunder_oom 0\noom_kill 5", "oom_kill", 5, true},
		{"max 9\n", "max", 9, true},
		{"", "max", 0, false},
		{"max\n", "max", 0, false},
		{"max many\n", "max", 0, false},
	} {
		v, ok := field([]byte(c.file), c.key)
		if v != c.want || ok != c.ok {
			t.Errorf("%q: %d, %v; want %d, %v", c.key, v, ok, c.want, c.ok)
		}
	}
}

func TestIOIsSummedOverDevices(t *testing.T) {
	v2 := []byte("8:0 rbytes=4096 wbytes=512 rios=1 wios=2 dbytes=0 dios=0\n253:1 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=9 dios=9\n7:0 \n9:9 rbytes=x")
	v1 := []byte("8:0 Read 4096\n8:0 Write 512\n8:0 Sync 4608\n8:0 Total 4608\n253:1 Read 1\n253:1 Write 2\nTotal 4611\n")
	for _, c := range []struct {
		name string
		got  int64
		want int64
	}{
		{"v2 rbytes", pairSum(v2, "rbytes"), 4097},
		{"v2 wbytes", pairSum(v2, "wbytes"), 514},
		{"v2 rios", pairSum(v2, "rios"), 4},
		{"v2 wios", pairSum(v2, "wios"), 6},
		{"v2 dios", pairSum(v2, "dios"), 9},
		{"v1 Read", opSum(v1, "Read"), 4097},
		{"v1 Write", opSum(v1, "Write"), 514},
		{"v1 idle", opSum([]byte("Total 0\n"), "Read"), 0},
		{"v2 idle", pairSum(nil, "rbytes"), 0},
	} {
		if c.got != c.want {
			t.Errorf("%s = %d, want %d", c.name, c.got, c.want)
		}
	}
}

func TestMembershipsOfEveryKindOfHost(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []membership
	}{
		"v2":        {"0::/user.slice/a:b.scope\n", []membership{{nil, "/user.slice/a:b.scope"}}},
		"hybrid":    {"9:name=systemd:/\n4:memory:/x\n2:cpu,cpuacct:/\n0::/\n", []membership{{[]string{"name=systemd"}, "/"}, {[]string{"memory"}, "/x"}, {[]string{"cpu", "cpuacct"}, "/"}, {nil, "/"}}},
		"container": {"0::/../other\n", []membership{{nil, "/../other"}}},
		"empty":     {"", nil},
		"junk":      {"x\n0:\n1::/\n0::rel\n", nil},
	} {
		if got := parseMemberships([]byte(c.in)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAGroupAboveTheNamespaceRootIsOutOfReach(t *testing.T) {
	h := &Host{root: standardRoot}
	if at := h.places(membership{nil, "/../x"}); at != nil {
		t.Error(at)
	}
}

const mountinfo = `23 28 0:21 / /proc rw - proc proc rw
32 31 0:33 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
33 31 0:34 /docker/abc /mnt/with\040space/pids ro shared:1 - cgroup cgroup rw,pids
34 31 0:35 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate
35 31 0:36 / /x rw - ext4 /dev/sda rw
short - cgroup
`

func TestPlacesFollowThePartThatIsMounted(t *testing.T) {
	mounts := parseMounts([]byte(mountinfo))
	if len(mounts) != 3 {
		t.Fatalf("%+v", mounts)
	}
	for _, c := range []struct {
		m    membership
		want []string
	}{
		{membership{[]string{"memory"}, "/docker/abc"}, []string{"/sys/fs/cgroup/memory/docker/abc"}},
		{membership{[]string{"pids"}, "/docker/abc/d"}, []string{"/mnt/with space/pids/d"}},
		{membership{[]string{"pids"}, "/docker/abcd"}, nil},
		{membership{nil, "/docker/abc"}, []string{"/sys/fs/cgroup"}},
		{membership{nil, "/"}, nil},
		{membership{[]string{"blkio"}, "/"}, nil},
	} {
		if got := placesByMounts(c.m, mounts); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v: %q", c.m, got)
		}
	}
}

func TestStatSurvivesAnyCommandName(t *testing.T) {
	const tail = " S 1 10 10 0 -1 4194560 1 0 0 0 1 2 3 4 20 0 1 0 182515 1000 2"
	for _, comm := range []string{"(sh)", "(a b)", "() Z 1)", "(\n)"} {
		start, state, ok := parseStat([]byte("10 " + comm + tail))
		if start != 182515 || state != 'S' || !ok {
			t.Errorf("%s: %d %c %v", comm, start, state, ok)
		}
	}
	for _, bad := range []string{"", "1 (x", "1 (x)", "1 (x) S 1 2"} {
		if _, _, ok := parseStat([]byte(bad)); ok {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestOnlyTheExactFormIsAName(t *testing.T) {
	n := Name{PID: 25421, Start: 182515, Seq: 18446744073709551615}
	if got, ok := ParseName(n.String()); !ok || got != n {
		t.Errorf("%s: %+v, %v", n, got, ok)
	}
	for _, s := range []string{
		"", "jail", "jail-", "jail-1", "jail-1-2", "jail-1-2-", "jail-1-2-3-4", "jail-1-2-3x", "jail-01-2-3",
		"jail-+1-2-3", "jail--1-2-3", "jail-0-2-3", "jail-1-2-03", "Jail-1-2-3", " jail-1-2-3", "jail-1-2-3\n",
		"jail-1-2-18446744073709551616", "xjail-1-2-3",
	} {
		if _, ok := ParseName(s); ok {
			t.Errorf("%q passes for a name", s)
		}
	}
}

func FuzzParseName(f *testing.F) {
	f.Add("jail-1-2-3")
	f.Add("jail-1-2-03")
	f.Fuzz(func(t *testing.T, s string) {
		if n, ok := ParseName(s); ok && n.String() != s {
			t.Errorf("%q became %q", s, n)
		}
	})
}

func TestCoresAreComparedAsTheKernelPrintsThem(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "0,1": "0-1", "3,0-1": "0-1,3", "1-1": "1", "0-2,1-4": "0-4", "0,2,4": "0,2,4",
		"": "!", "a": "!", "1-": "!", "-1": "!", "2-1": "!", "1,,2": "!", "70000": "!",
	} {
		got, ok := canonicalCores(in)
		if !ok {
			got = "!"
		}
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestListedIsExactInHierarchyAndPath(t *testing.T) {
	file := []byte("9:name=systemd:/\n4:memory:/o/jail-1-2-3\n2:cpu,cpuacct:/jail-1-2-3x\n0::/jail-1-2-3/t\n")
	for _, c := range []struct {
		version     int
		controllers []string
		path        string
		want        bool
	}{
		{1, []string{"memory"}, "/o/jail-1-2-3", true},
		{1, []string{"memory"}, "/jail-1-2-3", false},
		{1, []string{"cpu", "cpuacct"}, "/jail-1-2-3", false},
		{2, nil, "/jail-1-2-3/t", true},
		{2, nil, "/jail-1-2-3", false},
		{2, nil, "/o/jail-1-2-3", false},
	} {
		if got := listed(file, c.version, c.controllers, c.path); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestSettingsComeInAnOrderTheKernelTakes(t *testing.T) {
	s := Spec{Memory: 1<<20 + 1, Pids: 3, Cores: "1,0"}
	for version, want := range map[int]string{
		1: "memory.limit_in_bytes=1048577/1048576 memory.memsw.limit_in_bytes=1048577/1048576 memory.kmem.tcp.limit_in_bytes=1048577/1048576 pids.max=3/3 cpuset.cpus=1,0/0-1 ",
		2: "memory.oom.group=1/1 memory.swap.max=0/0 memory.max=1048577/1048576 pids.max=3/3 cpuset.cpus=1,0/0-1 ",
	} {
		got := ""
		for _, x := range s.settings(version) {
			got += x.file + "=" + x.value + "/" + x.want + " "
		}
		if got != want {
			t.Errorf("v%d: %s", version, got)
		}
	}
	if got := (&Spec{Memory: Unlimited, Pids: Unlimited}).settings(2); len(got) != 0 {
		t.Errorf("unlimited sets %v", got)
	}
}
