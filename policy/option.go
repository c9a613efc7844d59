package policy

import (
	"slices"
	"strings"
)

// Option is one command-line option that sets a part of a policy. The parser,
// the help, the completions and the manual all read this table.
type Option struct {
	Name    string                      // without the dashes
	Arg     string                      // what stands for its argument in help
	Help    string                      // one line
	Default string                      // what holds without it; "" if nothing does
	Example string                      // a right argument
	Repeat  bool                        // may be given more than once, each adds
	set     func(*Policy, string) error // nil: the limit of the same name
}

var options = [...]Option{
	{"cpu", "TIME", "CPU time of all processes together", "none", "2s", false, nil},
	{"wall", "TIME", "time from start to end", "2 × --cpu + 1s, else none", "5s", false, nil},
	{"idle", "TIME", "time without CPU use and without a byte of output", "none", "10s", false, nil},
	{"memory", "SIZE", "memory of all processes together, with files in /box and /tmp", "512M", "256M", false, nil},
	{"swap", "SIZE", "swap space of all processes together; 0 is none", "0", "64M", false, nil},
	{"memory-high", "SIZE", "memory above which processes are slowed and their memory reclaimed; none is killed for it (cgroup v2)", "none", "200M", false, nil},
	{"hugetlb", "[PAGE=]SIZE", "let it use huge pages, up to SIZE of each size, or of pages of PAGE", "none can be had", "2M=64M", true, nil},
	{"rdma", "OBJECT=N", "handles and objects of each RDMA device (hca_handle, hca_object)", "none", "hca_handle=2", true, nil},
	{"pids", "N", "processes and threads at once", "128", "64", false, nil},
	{"output", "SIZE", "bytes of standard output, and as many of standard error", "64M", "1M", false, nil},
	{"disk", "SIZE", "bytes in /box, /tmp and /dev/shm together, with what it changes of the system where no --state keeps that", "256M", "1G", false, nil},
	{"inodes", "N", "files and folders in /box, /tmp and /dev/shm together, but for a few of jail's own", "65536", "10000", false, nil},
	{"file-size", "SIZE", "bytes of any one file", "none", "16M", false, nil},
	{"stack", "SIZE", "stack of the first thread", "8M", "64M", false, nil},
	{"open-files", "N", "open files of each process", "1024", "256", false, nil},
	{"cores", "CORES", "a number: lease so many whole cores, which no other jail runs on meanwhile; a list, as 0-1,3: run on these CPUs (CPU 2 alone is 2-2)", "the caller's", "2", false, nil},
	{"cpu-max", "PERCENT", "bandwidth: part of one core's time in each 0.1 s, all processes together", "none", "150%", false, nil},
	{"cpu-weight", "N", "share of CPU time beside other groups where cores are short: 1 to 10000, others have 100", "the kernel's", "50", false, nil},
	{"io-weight", "N", "share of block devices beside other groups where they are short: 1 to 10000, others have 100", "the kernel's", "50", false, nil},
	{"io-read-bps", "[DEV=]SIZE", "bytes read in a second from each block device, or from DEV (path, number, or a folder on it)", "none", "10M", true, nil},
	{"io-write-bps", "[DEV=]SIZE", "bytes written in a second", "none", "/dev/sda=10M", true, nil},
	{"io-read-ops", "[DEV=]N", "reads in a second", "none", "500", true, nil},
	{"io-write-ops", "[DEV=]N", "writes in a second", "none", "8:0=500", true, nil},
	{"pids-action", "ACTION", "at the bound of --pids: errno (the call fails) or kill (the jail ends)", "errno", "kill", false, nil},
	{"disk-action", "ACTION", "at the bound of --disk: errno (the call fails) or kill (the jail ends)", "errno", "kill", false, nil},
	{"net", "NET", "loopback (its own, up) or none (down)", "loopback", "none", false, setNet},
	{"view", "VIEW", "what is seen of the host without --ro and its like: host (the system's programs and libraries) or none", "host", "none", false, setView},
	{"denials", "VIEW", "whether the program sees its own refused calls, in /run/jail/denials: shown or hidden", "shown", "hidden", false, setDenials},
	{"image", "NAME", "what is seen instead of the host's system: an image of the store (jail image)", "none", "debian:12", false, setImage},
	{"writable-root", "", "let it change what it sees of the system, in a copy of the jail's own", "with --image or --state it may", "", false, setWritableRoot},
	{"state", "NAME", "keep what it changes under NAME, for the next run (jail state)", "none", "build-1", false, setState},
	{"state-size", "SIZE", "bytes that a state may hold, told when it is made", "1G", "10G", false, setStateSize},
	{"user", "USER", "who the program is inside: jail (uid 1000, without privilege) or root (uid 0 of a user namespace of its own)", "jail", "root", false, setUser},
	{"cap", "NAME", "a capability that root has inside, and no other: CHOWN, SETUID …", "all that it may have", "CHOWN", true, setCapability},
	{"ro", "PATH", "show a host path read-only: PATH at /box/PATH, /PATH and ../PATH at their absolute path; PATH? may be absent", "", "/opt/data", true, setRO},
	{"rw", "PATH", "as --ro, but writable", "", "./out", true, setRW},
	{"bind", "SRC:DST[:ro]", "show host path SRC at DST, writable unless :ro; a relative DST is below /box; SRC? may be absent", "", "/srv/cases:/cases:ro", true, setBind},
	{"cow", "DIR[:DST]", "show a host folder, at DST or as --ro does, that can be changed and stays as it is: changes are gone with the jail, or kept with --state", "", "./project", true, setCOW},
	{"tmpfs", "DIR[:SIZE]", "an empty writable folder at DIR; a relative one is below /box", "", "/cache:64M", true, setTmpfs},
	{"hide", "PATH", "nothing is seen at PATH; a relative one is below /box; PATH? may be absent", "", "/usr/share/doc", true, setHide},
	{"env", "NAME=VALUE", "set a variable", "", "LANG=C.UTF-8", true, setEnv},
	{"pass-env", "NAME", "copy a variable of the caller's; --env wins over it", "", "LANG", true, setPassEnv},
	{"chdir", "DIR", "the folder inside in which to start; a relative one is below /box", "/box", "/tmp", false, setChdir},
	{"hostname", "NAME", "the host name inside", "jail", "judge-1", false, setHostname},
	{"group", "NAME", "make it a member of a set of jails, with the set's limits over it (jail group); NAME/NAME is one in another", "none", "web/api", false, setGroup},
	{"profile", "NAME", "further restrictions: default or wx-deny (no memory that is writable and executable; node and java need it)", "default", "wx-deny", false, setProfile},
	{"on-suspicious", "ACTION", "what a call such as mount, ptrace or bpf costs: deny (it fails) or kill (the jail ends)", "deny", "kill", false, setOnSuspicious},
	{"kill-after", "N", "end the jail at its Nth suspicious call", "never; the first with --on-suspicious kill", "10", false, setKillAfter},
	{"allow-syscall", "CALL", "let a system call pass that is refused by default; one that can reach the host is not to be had", "", "get_mempolicy", true, setAllow},
	{"require", "LAYER", "launch nothing without this layer", "all layers but those of --try", "landlock", true, setRequire},
	{"try", "LAYER", "launch without this layer where the kernel lacks it", "time_ns; cgroup for an ordinary user", "user_ns", true, setTry},
	{"off", "LAYER", "don't use this layer", "", "time_ns", true, setOff},
	{"verify", "DEPTH", "how layers are read back: fast (from inside) or full (from outside too)", "fast", "full", false, setVerify},
}

// Options lists every option, in the order of help. The slice is the caller's.
func Options() []Option { return slices.Clone(options[:]) }

// LookupOption finds an option by its name, without the dashes.
func LookupOption(name string) (Option, bool) {
	for i := range options {
		if options[i].Name == name {
			return options[i], true
		}
	}
	return Option{}, false
}

// Values lists every argument that the option takes, nil if they can't be
// listed.
func (o *Option) Values() []string {
	switch o.Name {
	case "net":
		return words(nets[:])
	case "view":
		return words(views[:])
	case "denials":
		return words(denials[:])
	case "user":
		return words(users[:])
	case "cap":
		return slices.Clone(rootCapabilities[:])
	case "profile":
		return words(profiles[:])
	case "verify":
		return words(verifies[:])
	case "on-suspicious":
		return words(suspicious[:])
	case "pids-action", "disk-action":
		return words(actions[:])
	case "require", "try", "off":
		return slices.DeleteFunc(layerNames(), func(l string) bool { return checkLevel(Layer(l), Level(o.Name)) != nil })
	}
	return nil
}

// Set puts the option's argument into p; for a Repeat option, it adds to p. The
// *Error names the option, the value and a right example, and p is as before.
func (o *Option) Set(p *Policy, arg string) error {
	apply := o.set
	if apply == nil {
		apply = o.setLimit
	}
	err := apply(p, arg)
	if err == nil {
		return nil
	}
	e := placed(err)
	e.Key = "--" + o.Name
	if o.Name != "env" { // a variable's value may be a secret
		e.Value = arg
	}
	if e.Hint != "" {
		e.Hint += "; "
	}
	e.Hint += "for example --" + o.Name + " " + o.Example
	return e
}

func (o *Option) setLimit(p *Policy, arg string) error {
	if arg == "" {
		return fault("", ErrMissing, "")
	}
	row, trial := limitRow(strings.ReplaceAll(o.Name, "-", "_")), p.Limits
	err := setOrAdd(row.field(&trial), arg)
	if err == nil {
		err = row.possible(&trial)
	}
	if err == nil {
		p.Limits = trial
	}
	return err
}
