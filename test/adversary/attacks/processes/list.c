// See the host's processes in /proc.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	char path[64];
	snprintf(path, sizeof path, "/proc/%ld/cmdline", told_number("pid"));
	if (contains(path, "sleep"))
		breached("%s is there", path);
	DIR *d = opendir("/proc");
	int n = 0;
	for (struct dirent *e; d && (e = readdir(d));)
		n += e->d_name[0] >= '1' && e->d_name[0] <= '9';
	if (n > 4)
		breached("%d processes are listed", n);
	held("%d processes are listed", n);
}
