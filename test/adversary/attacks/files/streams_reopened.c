// Open the caller's own output anew, by the name of the descriptor, for writing
// at another place and for cutting it off.
//
// Proof: plain
// Output: file

#include "../attack.h"

static void attack(void) {
	int fd = open("/proc/self/fd/1", O_WRONLY | O_TRUNC);
	struct stat st;
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		breached("the caller's file was cut off");
	if (ftruncate(1, 0) == 0)
		breached("ftruncate of the caller's file");
	held("it is no file of the caller's");
}
