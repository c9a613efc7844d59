// Read and write the memory of another process.
//
// Proof: plain

#include "../attack.h"
#include <sys/uio.h>

static void attack(void) {
	static char secret[16] = "secret";
	char got[16] = "";
	pid_t child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	struct iovec here = {got, sizeof got}, there = {secret, sizeof secret};
	long n = process_vm_readv(child, &here, 1, &there, 1, 0);
	if (n < 0)
		n = process_vm_writev(child, &here, 1, &there, 1, 0);
	int why = errno;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	errno = why;
	try_one("process_vm_readv, process_vm_writev", n);
}
