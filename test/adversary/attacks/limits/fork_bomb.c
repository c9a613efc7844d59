// Start processes as fast as they can start others.
//
// Proof: jail --pids 300
// Flags: --pids 32 --wall 1s

#include "../attack.h"

static void attack(void) {
	int *alive = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t first = getpid();
	for (int i = 0; i < 200000; i++) {
		pid_t pid = fork();
		if (pid == 0)
			__atomic_add_fetch(alive, 1, __ATOMIC_SEQ_CST);
		if (getpid() == first && __atomic_load_n(alive, __ATOMIC_SEQ_CST) > 100)
			breached("a hundred processes were started and none has ended");
		if (getpid() == first && pid < 0 && i > 1000)
			held("no more than %d were started", *alive);
	}
	if (getpid() == first)
		held("no more than %d were started", *alive);
	pause();
}
