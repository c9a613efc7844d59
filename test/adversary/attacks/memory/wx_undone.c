// Take the denial of writable and executable memory back.
//
// Proof: jail
// Flags: --profile wx-deny

#include "../attack.h"

static void attack(void) {
	prctl(65, 0, 0, 0, 0); // PR_SET_MDWE
	if (fork() == 0)
		_exit(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
	int status;
	wait(&status);
	if (status != 0)
		breached("a child may map it");
	held("it stays, for children too");
}
