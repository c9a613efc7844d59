// Push input into the caller's terminal, where his shell reads it
// (CVE-2017-5226), or paste into a console.
//
// Proof: plain
// Terminal: yes
// Users: root

#include "../attack.h"
#include <termios.h>

static void attack(void) {
	int fds[4] = {0, 1, 2, open("/dev/tty", O_RDWR | O_NOCTTY)};
	for (int i = 0; i < 4; i++) {
		char c = '\n';
		tried("TIOCSTI", ioctl(fds[i], TIOCSTI, &c));
		char paste[] = {3};
		tried("TIOCLINUX", ioctl(fds[i], TIOCLINUX, paste));
	}
	refused("TIOCSTI, TIOCLINUX");
}
