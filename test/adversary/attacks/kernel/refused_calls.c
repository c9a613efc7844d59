// Reach parts of the kernel that few programs need, and that have had many flaws,
// each by one call: the table of what a filter refuses. None takes privileges.
//
// Proof: plain

#include "../attack.h"
#include <asm/ldt.h>
#include <linux/io_uring.h>
#include <linux/kcmp.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

static long of_a_child(long (*reach)(pid_t)) {
	pid_t child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	long got = reach(child);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return got;
}

static long trace(pid_t child) { return ptrace(PTRACE_SEIZE, child, NULL, NULL); }

static long read_memory(pid_t child) {
	static char secret[16], got[16];
	struct iovec here = {got, sizeof got}, there = {secret, sizeof secret};
	return process_vm_readv(child, &here, 1, &there, 1, 0);
}

static void attack(void) {
	struct io_uring_params ring = {0};
	struct perf_event_attr event = {.type = PERF_TYPE_SOFTWARE, .size = sizeof event, .config = PERF_COUNT_SW_TASK_CLOCK, .exclude_kernel = 1, .exclude_hv = 1};
	struct user_desc segment = {.limit = 0xfffff, .seg_32bit = 1, .limit_in_pages = 1, .useable = 1};
	tried("io_uring_setup", syscall(SYS_io_uring_setup, 4, &ring));
	tried("perf_event_open", syscall(SYS_perf_event_open, &event, 0, -1, -1, 0));
	tried("userfaultfd", syscall(SYS_userfaultfd, O_CLOEXEC | 1)); // UFFD_USER_MODE_ONLY
	tried("modify_ldt", syscall(SYS_modify_ldt, 1, &segment, sizeof segment));
	tried("kcmp", syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILES, 0, 0));
	tried("fanotify_init", syscall(SYS_fanotify_init, 0x200, O_RDONLY)); // FAN_REPORT_FID
	tried("memfd_secret", syscall(447, 0));
	tried("add_key", syscall(SYS_add_key, "user", "jail-adversary", "x", 1, KEY_SPEC_PROCESS_KEYRING));
	tried("ptrace", of_a_child(trace));
	tried("process_vm_readv", of_a_child(read_memory));
	if (personality(ADDR_NO_RANDOMIZE) != -1)
		breached("personality");
	refused("each");
}
