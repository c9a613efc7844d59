// Leave a process behind that writes into a folder of the caller's when the jail
// has ended.
//
// Proof: plain
// Flags: --rw {rw}
// After: left-behind

#include "../attack.h"

static void attack(void) {
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/left-behind", told("rw"));
	if (fork() == 0) {
		setsid();
		if (fork() == 0) {
			for (int fd = 0; fd < 3; fd++)
				close(fd);
			signal(SIGHUP, SIG_IGN);
			signal(SIGTERM, SIG_IGN);
			usleep(300000);
			close(open(path, O_CREAT | O_WRONLY, 0600));
		}
		_exit(0);
	}
	wait(NULL);
	held("the runner looks for %s", path);
}
