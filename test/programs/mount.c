// mount: tries to mount a tmpfs at /tmp, as it is and, where that is refused,
// in a new user and mount namespace; prints both outcomes, exits 0 when one
// was let, else 3. Outside a jail run it in a mount namespace of its own.
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

static int tried(const char *what, int failed)
{
	printf("%s: %s\n", what, failed ? strerror(errno) : "let");
	return !failed;
}

int main(void)
{
	int let = tried("mount", mount("t", "/tmp", "tmpfs", 0, 0));

	if (let)
		umount2("/tmp", MNT_DETACH);
	else if (tried("unshare", unshare(CLONE_NEWUSER | CLONE_NEWNS)))
		let = tried("mount in a user namespace", mount("t", "/tmp", "tmpfs", 0, 0));
	return let ? 0 : 3;
}
