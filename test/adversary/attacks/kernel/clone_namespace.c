// Have a child born into namespaces of its own, by each call that clones.
//
// Proof: plain

#include "../attack.h"

static void child_or_not(const char *what, long pid) {
	if (pid == 0)
		_exit(0);
	if (pid > 0) {
		waitpid(pid, NULL, __WALL);
		breached("%s: a child with a user namespace of its own", what);
	}
}

static void attack(void) {
	child_or_not("clone", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, 0));
	uint64_t args[11] = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD};
	child_or_not("clone3", syscall(SYS_clone3, args, sizeof args));
	// The flag in the upper half of the register, which some filters compare and the kernel does not.
	child_or_not("clone, upper half set", syscall(SYS_clone, (1UL << 32) | CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, 0));
	refused("clone");
}
