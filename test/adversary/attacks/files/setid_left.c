// Leave a set-user-id program in a writable folder of the caller's, for others on
// the host to run.
//
// Proof: plain
// Flags: --rw {rw}

#include "../attack.h"

static void attack(void) {
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/left", told("rw"));
	unlink(path);
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0755);
	if (fd < 0)
		breached("the folder can't be written, and nothing is proved: %s", strerror(errno));
	fchmod(fd, 06755);
	chmod(path, 06755);
	syscall(SYS_fchmodat, AT_FDCWD, path, 06755);
	syscall(452, AT_FDCWD, path, 06755, 0); // fchmodat2
	struct stat st;
	stat(path, &st);
	if (!(st.st_mode & 06000)) {
		unlink(path);
		close(open(path, O_CREAT | O_EXCL | O_WRONLY, 06755)); // born so
		if (stat(path, &st) != 0)
			st.st_mode = 0;
	}
	unlink(path);
	if (st.st_mode & 06000)
		breached("its mode is %o", st.st_mode & 07777);
	held("its mode is %o", st.st_mode & 07777);
}
