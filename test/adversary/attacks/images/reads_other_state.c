// Read what another jail has kept in a state.
//
// Proof: plain
// Flags: --image {image} --state mine

#include "../attack.h"

static void attack(void) {
	char buf[1 << 16];
	int fd = open(told("other_state"), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		held("open: %s", strerror(errno));
	for (ssize_t n; (n = read(fd, buf, sizeof buf)) > 0;)
		if (memmem(buf, n, told("marker"), strlen(told("marker"))))
			breached("what another jail has kept was read");
}
