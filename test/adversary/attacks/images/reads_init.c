// Read the memory of pid 1 of the jail as root inside.
//
// Proof: own
// Flags: --image {image} --user root
// Users: root

#include "../attack.h"
#include <sys/uio.h>

static char here[16];

static void attack(void) {
	pid_t child = fork();
	if (child == 0) {
		char copy[sizeof here];
		struct iovec to = {copy, sizeof copy}, from = {here, sizeof here};
		errno = 0;
		syscall(SYS_process_vm_readv, 1, &to, 1, &from, 1, 0);
		_exit(errno == EFAULT ? 0 : errno); // its permission was asked first
	}
	int status;
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		held("fork or wait: %s", strerror(errno));
	if (WEXITSTATUS(status) == 0)
		breached("the memory of pid 1 was read");
	held("process_vm_readv: %s", strerror(WEXITSTATUS(status)));
}
