package main

import (
	"os"
	"strconv"
	"strings"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/rootfs"
	"golang.org/x/sys/unix"
)

// examineHost lists what the host gives, whether or not a launch needs it.
func examineHost() []finding {
	facts, err := host.Probe()
	if err != nil {
		return []finding{{"host", missing, err.Error(), ""}}
	}
	list := []finding{kernel(facts), user(facts), landlock(facts), view(), images(facts)}
	for i := range switches {
		list = append(list, switches[i].examine())
	}
	list = append(list, around()...)
	if facts.Root {
		list = append(list, states(), idRange(facts))
	}
	return append(list, cgroups(facts)...)
}

func kernel(f *host.Facts) finding {
	var u unix.Utsname
	_ = unix.Uname(&u) // it can't fail with a good address (uname(2))
	r := finding{"kernel", fine, unix.ByteSliceToString(u.Release[:]), ""}
	if !f.Kernel.AtLeast(5, 10) {
		r.Mark, r.Mend = missing, "jail needs Linux 5.10 or newer"
	}
	return r
}

func user(f *host.Facts) finding {
	if f.Root {
		return finding{"user", fine, "root: each run gets user ids of its own", ""}
	}
	return finding{"user", note, "uid " + strconv.Itoa(f.UID) + ": runs share the caller's user id outside", "as root each run would get ids of its own"}
}

func landlock(f *host.Facts) finding {
	if f.Landlock > 0 {
		return finding{"landlock", fine, "ABI " + strconv.Itoa(f.Landlock), ""}
	}
	return finding{"landlock", missing, "none", "boot with lsm=landlock,… and a kernel with CONFIG_SECURITY_LANDLOCK (5.13), or use --try landlock"}
}

func view() finding {
	root, err := rootfs.NewHost("/")
	if err != nil {
		return finding{"view", missing, err.Error(), ""}
	}
	defer root.Close()
	v, err := rootfs.HostView(root)
	if err != nil {
		return finding{"view", missing, err.Error(), ""}
	}
	return finding{"view", fine, v.Layout + " layout, PATH " + v.Path, ""}
}

// sysctl is a switch of the host's that can stand in the way.
type sysctl struct {
	name string // below /proc/sys
	bad  string // the value that is in jail's way
	mark mark   // when it is not good
	mend string
}

var switches = [...]sysctl{
	{"user/max_user_namespaces", "0", missing, "sysctl user.max_user_namespaces=15000"},
	{"kernel/unprivileged_userns_clone", "0", missing, "sysctl kernel.unprivileged_userns_clone=1"},
	{"vm/memfd_noexec", "2", missing, "sysctl vm.memfd_noexec=1: jail starts from memory"},
	{"kernel/yama/ptrace_scope", "0", note, "sysctl kernel.yama.ptrace_scope=1 keeps programs of one user apart outside of jails too"},
}

func (s *sysctl) examine() finding {
	name := strings.ReplaceAll(s.name, "/", ".")
	b, err := os.ReadFile("/proc/sys/" + s.name)
	if err != nil {
		return finding{name, fine, "this kernel has no such switch", ""}
	}
	v := strings.TrimSpace(string(b))
	if v != s.bad || s.mark == missing && os.Geteuid() == 0 && strings.Contains(s.name, "unprivileged") {
		return finding{name, fine, v, ""}
	}
	return finding{name, s.mark, v, s.mend}
}

// idRange says which ids runs get, and whether others were promised the same.
func idRange(f *host.Facts) finding {
	last := f.IDBase + f.IDCount - 1
	r := finding{"user ids of runs", fine, strconv.Itoa(f.IDBase) + "–" + strconv.Itoa(last), ""}
	for _, name := range []string{"/etc/subuid", "/etc/subgid"} {
		b, _ := os.ReadFile(name) // #nosec G304 -- one of the two above; absent where nobody was promised any
		for line := range strings.Lines(string(b)) {
			if overlaps(strings.TrimSpace(line), f.IDBase, last) {
				r.Mark, r.Mend = note, "move this line of "+name+" elsewhere: "+strings.TrimSpace(line)
			}
		}
	}
	return r
}

// overlaps reads a line of subuid(5), name:first:count.
func overlaps(line string, first, last int) bool {
	parts := strings.Split(line, ":")
	if len(parts) != 3 {
		return false
	}
	from, err := strconv.Atoi(parts[1])
	count, err2 := strconv.Atoi(parts[2])
	return err == nil && err2 == nil && count > 0 && from <= last && from+count-1 >= first
}

func cgroups(f *host.Facts) []finding {
	h, err := cgroup.Detect()
	if err != nil {
		return []finding{{"cgroups", missing, err.Error(), ""}}
	}
	defer h.Close()
	list := []finding{{"cgroups", fine, string(h.Mode), ""}}
	if h.Mode == cgroup.ModeNone {
		list[0].Mark, list[0].Mend = missing, "limits of the whole jail need it; without, each process is bounded alone"
		if !f.Root {
			list[0].Mark = note // the default of an ordinary user is to go on without
		}
	}
	for _, c := range h.Describe() {
		r := finding{"cgroup " + c.Controller, fine, "v" + strconv.Itoa(c.Version) + " " + c.Path, ""}
		if !c.Writable {
			r.Mark, r.Value, r.Mend = note, c.Why, c.Mend
		}
		list = append(list, r)
	}
	for _, o := range h.Outers() {
		list = append(list, finding{"outer " + o.Controller, fine, outerWords(o), ""})
	}
	return list
}

// outerWords says how much a group above gives to all jails together.
func outerWords(o cgroup.Bound) string {
	text := "at most "
	switch o.Controller {
	case "memory":
		text += size.Bytes(o.Value).String()
	case "cpu":
		text += strconv.FormatFloat(float64(o.Value)/1000, 'f', -1, 64) + " cores' time"
	case "cpuset":
		text = "cores " + o.Cores
	default:
		text += strconv.FormatInt(o.Value, 10)
	}
	return text + " by the group above (" + o.Path + ")"
}
