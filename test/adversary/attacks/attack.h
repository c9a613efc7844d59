// What every attack shares: how it is told about the host, and how it says what
// came of it. An attack that got through says so and exits with 42; one that was
// held says by what, and exits with 0. Whatever else it ends with is no verdict.

#ifndef ATTACK_H
#define ATTACK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static int attack_argc;
static char **attack_argv;

// told gives what the runner says of the host: the attack's arguments are NAME=VALUE.
__attribute__((unused)) static const char *told(const char *name) {
	size_t n = strlen(name);
	for (int i = 1; i < attack_argc; i++)
		if (!strncmp(attack_argv[i], name, n) && attack_argv[i][n] == '=')
			return attack_argv[i] + n + 1;
	fprintf(stderr, "the runner did not tell %s\n", name);
	exit(3);
}

__attribute__((unused)) static long told_number(const char *name) { return strtol(told(name), NULL, 10); }

__attribute__((noreturn, format(printf, 1, 2), unused)) static void breached(const char *format, ...) {
	va_list list;
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	puts("");
	fflush(stdout);
	_exit(42);
}

__attribute__((noreturn, format(printf, 1, 2), unused)) static void held(const char *format, ...) {
	va_list list;
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	puts("");
	fflush(stdout);
	_exit(0);
}

// absent is for what this kernel lacks, which is no merit of a jail's. Only its
// own answer counts, so it is asked outside of every jail alone.
__attribute__((noreturn, unused)) static void absent(const char *what) {
	printf("%s: this kernel has none\n", what);
	fflush(stdout);
	_exit(43);
}

// tried is for calls that are the attack: it got through if the call did.
__attribute__((unused)) static void tried(const char *what, long result) {
	if (result != -1)
		breached("%s: it worked", what);
}

// outside_of_jails says whether nothing filters calls.
__attribute__((unused)) static int outside_of_jails(void) { return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0; }

// refused says by which error the last of several tries was held.
__attribute__((noreturn, unused)) static void refused(const char *what) {
	if (errno == ENOSYS && outside_of_jails())
		absent(what);
	held("%s: %s", what, strerror(errno));
}

// try_one is for a call that is the whole attack.
__attribute__((noreturn, unused)) static void try_one(const char *what, long result) {
	tried(what, result);
	refused(what);
}

// contains says whether a file can be read and holds a text.
__attribute__((unused)) static int contains(const char *path, const char *text) {
	char buf[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return 0;
	size_t n = 0;
	for (ssize_t got; n < sizeof buf - 1 && (got = read(fd, buf + n, sizeof buf - 1 - n)) > 0;)
		n += got;
	close(fd);
	return memmem(buf, n, text, strlen(text)) != NULL;
}

// fill takes memory into use: no compiler leaves out what is volatile.
__attribute__((unused)) static void fill(void *p, size_t n) {
	for (size_t i = 0; i < n; i += 4096)
		((volatile char *)p)[i] = 1;
}

static void attack(void);

int main(int argc, char **argv) {
	attack_argc = argc;
	attack_argv = argv;
	attack();
	held("nothing of it worked");
}

#endif
