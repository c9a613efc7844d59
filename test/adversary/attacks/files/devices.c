// Open the machine's disks and memory.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	tried("/dev/mem", open("/dev/mem", O_RDONLY));
	DIR *d = opendir("/dev");
	for (struct dirent *e; d && (e = readdir(d));) {
		char path[300];
		struct stat st;
		snprintf(path, sizeof path, "/dev/%s", e->d_name);
		if (stat(path, &st) == 0 && S_ISBLK(st.st_mode) && open(path, O_RDONLY | O_NONBLOCK) >= 0)
			breached("%s is open", path);
	}
	held("there is no block device");
}
