// Signal a process of the host's. Signal 0 only asks whether one may.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	long pid = told_number("pid");
	tried("kill", kill(pid, 0));
	tried("kill of its group", kill(-pid, 0));
	tried("tgkill", syscall(SYS_tgkill, pid, pid, 0));
	siginfo_t info = {.si_code = SI_QUEUE};
	try_one("rt_sigqueueinfo", syscall(SYS_rt_sigqueueinfo, pid, 0, &info));
}
