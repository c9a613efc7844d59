package seccomp

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

var (
	eperm  = Errno(unix.EPERM)
	enosys = Errno(unix.ENOSYS)
	noFam  = Errno(unix.EAFNOSUPPORT)
	noProt = Errno(unix.EPROTONOSUPPORT)
	noOpt  = Errno(unix.ENOPROTOOPT)
	noDev  = Errno(unix.ENODEV)
	inval  = Errno(unix.EINVAL)
	noMem  = Errno(unix.ENOMEM)
	routes = Budget(16, unix.ENOBUFS, unix.EAFNOSUPPORT)

	filters = Budget(64, unix.ENOMEM, unix.ENOMEM)
)

// answers is the policy in the words of its own document: the whole list, so
// that a change of the table shows here.
var answers = []struct {
	want  Action
	calls string
}{
	{Notify(unix.EPERM), `mount umount2 pivot_root chroot setns ptrace process_vm_readv process_vm_writev
		init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff iopl ioperm`},
	{eperm, `kcmp syslog sethostname setdomainname clock_settime settimeofday adjtimex clock_adjtime
		quotactl acct sched_setattr`},
	{Notify(unix.ENOSYS), `fsopen fsconfig fsmount fspick move_mount mount_setattr open_tree open_tree_attr
		bpf perf_event_open add_key request_key keyctl userfaultfd open_by_handle_at pidfd_getfd`},
	{enosys, `clone3 io_uring_setup io_uring_enter io_uring_register memfd_secret modify_ldt statmount listmount
		process_madvise process_mrelease cachestat lsm_get_self_attr lsm_set_self_attr lsm_list_modules
		vmsplice io_setup io_submit mbind set_mempolicy get_mempolicy move_pages migrate_pages
		set_mempolicy_home_node name_to_handle_at quotactl_fd file_getattr file_setattr listns
		setxattrat getxattrat listxattrat removexattrat fanotify_init fanotify_mark ustat uselib _sysctl capset
		io_destroy io_cancel io_getevents io_pgetevents set_thread_area get_thread_area vhangup rseq_slice_yield
		create_module query_module get_kernel_syms nfsservctl getpmsg putpmsg afs_syscall tuxcall security vserver
		epoll_ctl_old epoll_wait_old lookup_dcookie sysfs remap_file_pages uprobe uretprobe`},
	{Allow(), `lsetxattr fsetxattr llistxattr flistxattr lremovexattr fremovexattr ioprio_get`},
	{Ignore(), `sync`},
	{Budget(64, unix.ENOBUFS, unix.EOPNOTSUPP), `listen`},
	{Allow(), `brk mmap munmap mremap mprotect madvise mincore msync mlock mlock2 mlockall munlock munlockall
		membarrier pkey_alloc pkey_free pkey_mprotect memfd_create map_shadow_stack mseal
		open openat openat2 creat read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2
		stat fstat lstat newfstatat statx access faccessat faccessat2 getdents getdents64 lseek truncate ftruncate
		fallocate rename renameat renameat2 link linkat unlink unlinkat symlink symlinkat mkdir mkdirat rmdir
		chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes futimesat utimensat
		readlink readlinkat getcwd chdir fchdir umask dup dup2 dup3 fcntl flock fsync fdatasync syncfs
		sync_file_range sendfile splice tee copy_file_range readahead fadvise64 getxattr setxattr lgetxattr
		fgetxattr listxattr removexattr close close_range statfs fstatfs
		fork vfork execve execveat exit exit_group wait4 waitid kill tkill tgkill rt_sigaction rt_sigprocmask
		rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigqueueinfo rt_tgsigqueueinfo rt_sigsuspend sigaltstack
		getpid getppid gettid setpgid getpgid getpgrp setsid getsid getpriority setpriority prlimit64 getrusage
		pidfd_open pidfd_send_signal rseq set_robust_list get_robust_list set_tid_address arch_prctl
		sched_yield sched_getaffinity sched_setaffinity sched_getscheduler sched_getparam sched_setparam
		sched_getattr sched_get_priority_max sched_get_priority_min sched_rr_get_interval
		futex futex_waitv futex_wake futex_wait futex_requeue pause restart_syscall getrlimit setrlimit
		clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times timer_create timer_settime
		timer_gettime timer_getoverrun timer_delete timerfd_create timerfd_settime timerfd_gettime
		getitimer setitimer alarm
		poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2
		eventfd eventfd2 signalfd signalfd4 inotify_init inotify_init1 inotify_add_watch inotify_rm_watch pipe pipe2
		shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl
		mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr
		bind connect accept accept4 getsockname getpeername setsockopt getsockopt sendto recvfrom
		sendmsg recvmsg sendmmsg recvmmsg shutdown
		getuid geteuid getgid getegid getresuid getresgid getgroups setuid setgid setreuid setregid
		setresuid setresgid setfsuid setfsgid setgroups
		landlock_create_ruleset landlock_add_rule landlock_restrict_self
		uname sysinfo getrandom getcpu capget`},
}

func TestEveryCallGetsItsRowsAnswer(t *testing.T) {
	r := DefaultRules()
	for _, row := range answers {
		for _, call := range present(row.calls) {
			if got := Reference(r, native(number(t, call))); got != row.want {
				t.Errorf("%s: %v, want %v", call, got, row.want)
			}
		}
	}
}

const high = 0xdead << 32 // bits that the kernel ignores in an int

var argumentRows = []struct {
	call string
	args []uint64
	want Action
}{
	{"clone", []uint64{unix.CLONE_VM | unix.CLONE_THREAD | unix.CLONE_SIGHAND}, Allow()},
	{"clone", []uint64{uint64(unix.SIGCHLD)}, Allow()},
	{"clone", []uint64{unix.CLONE_NEWUSER}, Notify(unix.EPERM)},
	{"clone", []uint64{unix.CLONE_NEWNS | uint64(unix.SIGCHLD)}, Notify(unix.EPERM)},
	{"clone", []uint64{high | unix.CLONE_NEWNET | unix.CLONE_VM}, Notify(unix.EPERM)},
	{"clone", []uint64{unix.CLONE_NEWPID}, Notify(unix.EPERM)},
	{"clone", []uint64{unix.CLONE_NEWIPC}, Notify(unix.EPERM)},
	{"clone", []uint64{unix.CLONE_NEWUTS}, Notify(unix.EPERM)},
	{"clone", []uint64{unix.CLONE_NEWCGROUP}, Notify(unix.EPERM)},
	{"unshare", []uint64{unix.CLONE_FILES}, Allow()},
	{"unshare", []uint64{unix.CLONE_NEWTIME}, Notify(unix.EPERM)},
	{"unshare", []uint64{unix.CLONE_NEWUSER | unix.CLONE_FS}, Notify(unix.EPERM)},

	{"personality", []uint64{0}, Allow()},
	{"personality", []uint64{0xffffffff}, Allow()},
	{"personality", []uint64{Whole}, Allow()},
	{"personality", []uint64{0x0008}, eperm},
	{"personality", []uint64{high | 0x0040000}, eperm},

	{"ioctl", []uint64{0, unix.TCGETS}, Allow()},
	{"ioctl", []uint64{0, unix.TIOCSTI}, Notify(unix.EPERM)},
	{"ioctl", []uint64{0, high | unix.TIOCSTI}, Notify(unix.EPERM)},
	{"ioctl", []uint64{0, 0x541c}, Notify(unix.EPERM)},
	{"ioctl", []uint64{0, high | 0x541c}, Notify(unix.EPERM)},
	{"ioctl", []uint64{0, unix.TIOCSETD}, eperm},
	{"ioctl", []uint64{0, 0x541d}, eperm},
	{"ioctl", []uint64{0, 0xc0045877}, eperm},
	{"ioctl", []uint64{0, high | 0xc0045877}, eperm},
	{"ioctl", []uint64{0, unix.TIOCSCTTY, 0}, Allow()},
	{"ioctl", []uint64{0, unix.TIOCSCTTY, 1}, eperm},
	{"ioctl", []uint64{0, high | unix.TIOCSCTTY, high | 1}, eperm},

	{"prctl", []uint64{unix.PR_SET_NAME}, Allow()},
	{"prctl", []uint64{unix.PR_SET_VMA}, Allow()},
	{"prctl", []uint64{unix.PR_CAPBSET_READ}, Allow()},
	{"prctl", []uint64{unix.PR_GET_SECCOMP}, Allow()},
	{"prctl", []uint64{unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_STRICT}, Allow()},
	{"prctl", []uint64{unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER}, filters},
	{"prctl", []uint64{high | unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER}, filters},
	{"prctl", []uint64{unix.PR_SET_PDEATHSIG}, Allow()},
	{"prctl", []uint64{unix.PR_SET_NO_NEW_PRIVS}, Allow()},
	{"prctl", []uint64{unix.PR_SET_MM}, eperm},
	{"prctl", []uint64{high | unix.PR_SET_MM}, eperm},
	{"prctl", []uint64{unix.PR_SET_PTRACER}, eperm},
	{"prctl", []uint64{unix.PR_SET_SECUREBITS}, eperm},
	{"prctl", []uint64{unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE}, eperm},
	{"prctl", []uint64{high | unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE}, eperm},
	{"prctl", []uint64{unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_IS_SET}, Allow()},
	{"prctl", []uint64{unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL}, Allow()},

	{"seccomp", []uint64{unix.SECCOMP_SET_MODE_FILTER, 0}, filters},
	{"seccomp", []uint64{unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC}, filters},
	{"seccomp", []uint64{high | unix.SECCOMP_SET_MODE_FILTER, 0}, filters},
	{"seccomp", []uint64{unix.SECCOMP_SET_MODE_STRICT, 0}, Allow()},
	{"seccomp", []uint64{unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER}, eperm},
	{"seccomp", []uint64{high | unix.SECCOMP_SET_MODE_FILTER, high | unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_LOG}, eperm},
	{"seccomp", []uint64{unix.SECCOMP_GET_ACTION_AVAIL}, Allow()},

	{"sched_setscheduler", []uint64{0, unix.SCHED_NORMAL}, Allow()},
	{"sched_setscheduler", []uint64{0, unix.SCHED_BATCH | 0x40000000}, Allow()},
	{"sched_setscheduler", []uint64{0, unix.SCHED_IDLE}, Allow()},
	{"sched_setscheduler", []uint64{0, unix.SCHED_FIFO}, eperm},
	{"sched_setscheduler", []uint64{0, high | unix.SCHED_RR}, eperm},
	{"sched_setscheduler", []uint64{0, unix.SCHED_FIFO | 0x40000000}, eperm},
	{"sched_setscheduler", []uint64{0, unix.SCHED_DEADLINE}, eperm},
	{"ioprio_set", []uint64{1, 0, 2 << 13}, Allow()},
	{"ioprio_set", []uint64{1, 0, 1<<13 | 4}, eperm},
	{"ioprio_set", []uint64{1, 0, high | 1<<13}, eperm},

	{"mknod", []uint64{0, unix.S_IFIFO | 0o600}, Allow()},
	{"mknod", []uint64{0, 0o600}, Allow()},
	{"mknod", []uint64{0, unix.S_IFSOCK | 0o600}, Allow()},
	{"mknod", []uint64{0, unix.S_IFCHR | 0o600}, eperm},
	{"mknod", []uint64{0, unix.S_IFBLK | 0o600}, eperm},
	{"mknodat", []uint64{0, 0, unix.S_IFREG | 0o600}, Allow()},
	{"mknodat", []uint64{0, 0, high | unix.S_IFCHR | 0o600}, eperm},
	{"mknodat", []uint64{0, 0, unix.S_IFBLK}, eperm},

	{"socket", []uint64{unix.AF_UNIX, unix.SOCK_STREAM, 0}, Allow()},
	{"socket", []uint64{unix.AF_UNIX, unix.SOCK_DGRAM | unix.SOCK_CLOEXEC, 0}, Allow()},
	{"socket", []uint64{unix.AF_UNIX, unix.SOCK_SEQPACKET, 0}, Allow()},
	{"socket", []uint64{unix.AF_UNIX, unix.SOCK_RAW, 0}, noProt},
	{"socket", []uint64{unix.AF_UNIX, unix.SOCK_STREAM, 1}, noProt},
	{"socket", []uint64{unix.AF_INET, unix.SOCK_STREAM | unix.SOCK_NONBLOCK | unix.SOCK_CLOEXEC, 0}, Allow()},
	{"socket", []uint64{unix.AF_INET, unix.SOCK_STREAM, 6}, Allow()},
	{"socket", []uint64{unix.AF_INET, unix.SOCK_DGRAM, 17}, Allow()},
	{"socket", []uint64{unix.AF_INET6, unix.SOCK_STREAM, 6}, Allow()},
	{"socket", []uint64{unix.AF_INET6, unix.SOCK_DGRAM, 0}, Allow()},
	{"socket", []uint64{unix.AF_INET, unix.SOCK_STREAM, 17}, noProt},
	{"socket", []uint64{unix.AF_INET, unix.SOCK_DGRAM, 1}, noProt},
	{"socket", []uint64{unix.AF_INET, unix.SOCK_RAW, 1}, noProt},
	{"socket", []uint64{unix.AF_INET, unix.SOCK_STREAM, 262}, noProt},
	{"socket", []uint64{unix.AF_INET, high | unix.SOCK_STREAM, high | 262}, noProt},
	{"socket", []uint64{unix.AF_INET, unix.SOCK_STREAM, 256}, noProt},
	{"socket", []uint64{unix.AF_INET6, unix.SOCK_STREAM, 132}, noProt},
	{"socket", []uint64{unix.AF_NETLINK, unix.SOCK_RAW, 0}, routes},
	{"socket", []uint64{high | unix.AF_NETLINK, unix.SOCK_DGRAM | unix.SOCK_CLOEXEC, high}, routes},
	{"socket", []uint64{unix.AF_NETLINK, unix.SOCK_RAW, 12}, noProt},
	{"socket", []uint64{unix.AF_NETLINK, unix.SOCK_RAW, 15}, noProt},
	{"socket", []uint64{unix.AF_VSOCK, unix.SOCK_STREAM, 0}, noFam},
	{"socket", []uint64{high | unix.AF_VSOCK, unix.SOCK_STREAM, 0}, noFam},
	{"socket", []uint64{unix.AF_PACKET, unix.SOCK_RAW, 0}, noFam},
	{"socket", []uint64{unix.AF_ALG, unix.SOCK_SEQPACKET, 0}, noFam},
	{"socket", []uint64{unix.AF_UNSPEC, unix.SOCK_STREAM, 0}, noFam},
	{"prctl", []uint64{unix.PR_SET_MEMORY_MERGE, 1}, inval},
	{"prctl", []uint64{high | unix.PR_SET_MEMORY_MERGE, 1}, inval},
	{"prctl", []uint64{unix.PR_GET_MEMORY_MERGE}, Allow()},
	{"madvise", []uint64{0x1000, 0x1000, unix.MADV_MERGEABLE}, inval},
	{"madvise", []uint64{0x1000, 0x1000, high | unix.MADV_MERGEABLE}, inval},
	{"madvise", []uint64{0x1000, 0x1000, unix.MADV_HUGEPAGE}, Allow()},
	{"madvise", []uint64{0x1000, 0x1000, unix.MADV_DONTNEED}, Allow()},
	{"mmap", []uint64{0, 1 << 21, 3, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS}, Allow()},
	{"mmap", []uint64{0, 1 << 21, 3, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS | unix.MAP_HUGETLB}, noMem},
	{"mmap", []uint64{0, 1 << 21, 3, high | unix.MAP_SHARED | unix.MAP_HUGETLB | 30<<26}, noMem},
	{"memfd_create", []uint64{0x1000, unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING}, Allow()},
	{"memfd_create", []uint64{0x1000, high | unix.MFD_HUGETLB | unix.MFD_CLOEXEC}, inval},
	{"shmget", []uint64{0, 1 << 21, 0o1600}, Allow()},
	{"shmget", []uint64{0, 1 << 21, high | 0o5600}, noMem},

	{"fcntl", []uint64{3, unix.F_SETLEASE, unix.F_RDLCK}, eperm},
	{"fcntl", []uint64{3, high | unix.F_NOTIFY, 1}, eperm},
	{"fcntl", []uint64{3, unix.F_GETLEASE}, Allow()},
	{"fcntl", []uint64{3, unix.F_SETLK, 0x1000}, Allow()},
	{"fcntl", []uint64{1, unix.F_SETFL, unix.O_NONBLOCK | unix.O_APPEND}, Allow()},
	{"fcntl", []uint64{1, unix.F_SETFD, unix.O_DIRECT}, Allow()},
	{"fcntl", []uint64{1, unix.F_SETFL, unix.O_DIRECT}, Errno(unix.EINVAL)},
	{"fcntl", []uint64{1, high | unix.F_SETFL, high | unix.O_DIRECT | unix.O_NONBLOCK}, Errno(unix.EINVAL)},
	{"pipe2", []uint64{0x1000, unix.O_CLOEXEC | unix.O_NONBLOCK}, Allow()},
	{"pipe2", []uint64{0x1000, high | unix.O_CLOEXEC | unix.O_DIRECT}, Errno(unix.EINVAL)},

	{"setsockopt", []uint64{3, unix.SOL_SOCKET, unix.SO_REUSEADDR}, Allow()},
	{"setsockopt", []uint64{3, unix.SOL_SOCKET, unix.SO_DETACH_FILTER}, Allow()},
	{"setsockopt", []uint64{3, unix.IPPROTO_TCP, unix.SO_ATTACH_FILTER}, Allow()},
	{"setsockopt", []uint64{3, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER}, eperm},
	{"setsockopt", []uint64{3, high | unix.SOL_SOCKET, high | unix.SO_ATTACH_BPF}, eperm},
	{"setsockopt", []uint64{3, unix.SOL_SOCKET, unix.SO_ATTACH_REUSEPORT_CBPF}, eperm},
	{"setsockopt", []uint64{3, unix.SOL_SOCKET, unix.SO_ATTACH_REUSEPORT_EBPF}, eperm},
	{"socketpair", []uint64{unix.AF_UNIX, unix.SOCK_STREAM, 0}, Allow()},
	{"socketpair", []uint64{high | unix.AF_UNIX, unix.SOCK_DGRAM, 0}, Allow()},
	{"socketpair", []uint64{unix.AF_TIPC, unix.SOCK_STREAM, 0}, noFam},
	{"socketpair", []uint64{unix.AF_INET, unix.SOCK_STREAM, 0}, noFam},
}

func TestArgumentsDecideAsTheirRowSays(t *testing.T) {
	r := DefaultRules()
	for _, c := range argumentRows {
		if lacks(c.call) {
			continue
		}
		if got := Reference(r, native(number(t, c.call), c.args...)); got != c.want {
			t.Errorf("%s(%#x): %v, want %v", c.call, c.args, got, c.want)
		}
	}
}

// options are those of setsockopt(2), by number, with the answer of each.
var options = []struct {
	level   uint64
	want    Action
	options []uint64
}{
	// SO_SNDBUF and SO_RCVBUF, by force too
	{1, Ignore(), []uint64{7, 8, 32, 33}},
	// SO_RCVLOWAT, SO_ZEROCOPY, SO_RESERVE_MEM
	{1, noOpt, []uint64{18, 60, 73}},
	// SO_REUSEADDR, SO_BROADCAST, SO_KEEPALIVE, SO_LINGER, SO_REUSEPORT, SO_PASSCRED, SO_RCVTIMEO, SO_SNDTIMEO, SO_TIMESTAMP
	{1, Allow(), []uint64{2, 6, 9, 13, 15, 16, 20, 21, 29}},
	// IP_ADD_MEMBERSHIP, IP_*BLOCK_SOURCE, IP_ADD_SOURCE_MEMBERSHIP, IP_MSFILTER, MCAST_*
	{0, noDev, []uint64{35, 37, 38, 39, 41, 42, 43, 44, 46, 48}},
	// IP_RECVERR
	{0, Ignore(), []uint64{11}},
	// IP_TOS, IP_TTL, IP_PKTINFO, IP_MTU_DISCOVER, IP_MULTICAST_*, IP_DROP_*, MCAST_LEAVE_*
	{0, Allow(), []uint64{1, 2, 8, 10, 32, 33, 34, 36, 40, 45, 47}},
	// IPV6_JOIN_GROUP, IPV6_JOIN_ANYCAST, MCAST_*
	{41, noDev, []uint64{20, 27, 42, 43, 44, 46, 48}},
	// IPV6_2292PKTOPTIONS, IPV6_FLOWLABEL_MGR, IPV6_HOPOPTS, IPV6_RTHDRDSTOPTS, IPV6_RTHDR, IPV6_DSTOPTS
	{41, noOpt, []uint64{6, 32, 54, 55, 57, 59}},
	// IPV6_RECVERR
	{41, Ignore(), []uint64{25}},
	// IPV6_UNICAST_HOPS, IPV6_MULTICAST_*, IPV6_LEAVE_*, IPV6_V6ONLY, MCAST_LEAVE_*, IPV6_RECVPKTINFO, IPV6_TCLASS
	{41, Allow(), []uint64{16, 17, 18, 19, 21, 26, 28, 45, 47, 49, 67}},
	// TCP_MD5SIG, TCP_ULP, TCP_MD5SIG_EXT, TCP_FASTOPEN_KEY, TCP_AO_ADD_KEY
	{6, noOpt, []uint64{14, 31, 32, 33, 38}},
	// TCP_NODELAY, TCP_CORK, TCP_KEEP*, TCP_DEFER_ACCEPT, TCP_QUICKACK, TCP_CONGESTION, TCP_USER_TIMEOUT, TCP_FASTOPEN
	{6, Allow(), []uint64{1, 3, 4, 5, 6, 8, 9, 12, 13, 18, 23}},
	// UDP has other options by the same numbers
	{17, Allow(), []uint64{1, 7, 8, 20, 31, 35, 42, 103, 104}},
}

func TestOnlyOptionsThatHoldUnchargedMemoryAreRefused(t *testing.T) {
	r := DefaultRules()
	for _, c := range options {
		for _, option := range c.options {
			for _, over := range []uint64{0, high} { // both are ints
				d := native(unix.SYS_SETSOCKOPT, 3, over|c.level, over|option, 0x1000, 4)
				if got := Reference(r, d); got != c.want {
					t.Errorf("level %d, option %d: %v, want %v", c.level, option, got, c.want)
				}
			}
		}
	}
}

func TestForeignABIsEndTheJail(t *testing.T) {
	for name, d := range foreigners {
		if got := simulate(t, Default(Options{}), d); got != unix.SECCOMP_RET_KILL_PROCESS {
			t.Errorf("%s alone: 0x%x, want kill", name, got)
		}
		if got := simulate(t, Default(Options{Listener: true}), d); got != unix.SECCOMP_RET_USER_NOTIF {
			t.Errorf("%s with listener: 0x%x, want a notification", name, got)
		}
		if got := Reference(DefaultRules(), d); got != Kill() {
			t.Errorf("%s: %v, want kill", name, got)
		}
		if !DefaultRules().Fixed(d) {
			t.Errorf("%s could be let through by a listener", name)
		}
	}
}

func TestSkippedAndUnknownNumbersAreENOSYS(t *testing.T) {
	for _, nr := range []int{-1, 337, 400, MaxKnown + 1, 1000, edge - 1} {
		if got := Reference(DefaultRules(), native(nr)); got != enosys {
			t.Errorf("%d: %v, want ENOSYS", nr, got)
		}
	}
}

func TestEveryNamedCallHasAReason(t *testing.T) {
	r := DefaultRules()
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	for nr := range names {
		if n := known(nr); n != "" && r.group(n) == nil {
			t.Errorf("%s (%d) is in no group", n, nr)
		}
	}
	if err := InitRules().Validate(); err != nil {
		t.Fatal(err)
	}
}

func TestLauncherCanFinishBehindTheFilter(t *testing.T) {
	r := DefaultRules()
	for _, call := range present("sendmsg write close execve execveat exit exit_group faccessat access futex") {
		if got := Reference(r, native(number(t, call))); got != Allow() {
			t.Errorf("%s: %v, but the launch needs it after the filter is in force", call, got)
		}
	}
}

func TestInitCanOnlyReapAndReport(t *testing.T) {
	allowed := map[string]bool{}
	for _, c := range strings.Fields(`wait4 ppoll read write kill futex exit exit_group rt_sigreturn restart_syscall clock_gettime`) {
		allowed[c] = true
	}
	prog := Init()
	for nr := 0; nr <= MaxKnown+100; nr++ {
		want := uint32(unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM))
		if allowed[Name(nr)] {
			want = unix.SECCOMP_RET_ALLOW
		}
		if got := simulate(t, prog, native(nr)); got != want {
			t.Errorf("%s: 0x%x, want 0x%x", Name(nr), got, want)
		}
	}
	if got := simulate(t, prog, Data{Nr: 1, Arch: archForeign}); got != unix.SECCOMP_RET_KILL_PROCESS {
		t.Errorf("foreign architecture: 0x%x, want kill", got)
	}
}

func TestCallersCannotChangeTheBuiltInTable(t *testing.T) {
	r := DefaultRules()
	r.Groups[0].Answer = Kill()
	r.Checks[0].Answer = Allow()
	if got := Reference(DefaultRules(), native(unix.SYS_BRK)); got != Allow() {
		t.Errorf("brk became %v", got)
	}
	if got := Reference(DefaultRules(), native(unix.SYS_CLONE, unix.CLONE_NEWUSER)); got == Allow() {
		t.Error("clone of a user namespace became allowed")
	}
}

// A call that stands in no row above could change its answer unseen.
func TestEveryCallOfTheTableHasARowHere(t *testing.T) {
	tested := map[string]bool{"setsockopt": true} // in options
	for _, a := range answers {
		for _, c := range strings.Fields(a.calls) {
			tested[c] = true
		}
	}
	for _, c := range argumentRows {
		tested[c.call] = true
	}
	for _, d := range DefaultRules().Describe() {
		if d.Call != "*" && !tested[d.Call] {
			t.Errorf("%s: %v", d.Call, d.Answer)
		}
	}
}
