// Have others die when memory runs out.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	int fd = open("/proc/self/oom_score_adj", O_RDWR);
	if (fd >= 0 && write(fd, "0", 1) != 1)
		fd = open("/proc/self/oom_score_adj", O_RDONLY);
	char buf[16] = "";
	fd = open("/proc/self/oom_score_adj", O_RDONLY);
	if (fd < 0 || read(fd, buf, sizeof buf - 1) <= 0)
		refused("oom_score_adj");
	if (atoi(buf) < 500)
		breached("the score is %d", atoi(buf));
	held("the score is %d", atoi(buf));
}
