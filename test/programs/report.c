// report: prints what it can see of itself as key=value lines: ids, groups,
// limits, working folder, open descriptors, umask, signals, environment.
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

extern char **environ;

static const struct {
	const char *name;
	int resource;
} limits[] = {
	{"as", RLIMIT_AS},           {"core", RLIMIT_CORE},
	{"cpu", RLIMIT_CPU},         {"data", RLIMIT_DATA},
	{"fsize", RLIMIT_FSIZE},     {"memlock", RLIMIT_MEMLOCK},
	{"nofile", RLIMIT_NOFILE},   {"nproc", RLIMIT_NPROC},
	{"rtprio", RLIMIT_RTPRIO},   {"sigpending", RLIMIT_SIGPENDING},
	{"stack", RLIMIT_STACK},     {"msgqueue", RLIMIT_MSGQUEUE},
};

static void value(rlim_t v)
{
	if (v == RLIM_INFINITY)
		printf("unlimited");
	else
		printf("%llu", (unsigned long long)v);
}

static void print_limits(void)
{
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		struct rlimit r;
		getrlimit(limits[i].resource, &r);
		printf("rlimit.%s=", limits[i].name);
		value(r.rlim_cur);
		printf(":");
		value(r.rlim_max);
		printf("\n");
	}
}

static void print_ids(void)
{
	uid_t r, e, s;
	gid_t gr, ge, gs, list[64];

	getresuid(&r, &e, &s);
	getresgid(&gr, &ge, &gs);
	printf("uid=%d:%d:%d\ngid=%d:%d:%d\n", r, e, s, gr, ge, gs);
	printf("groups=%d\n", getgroups(64, list));
	printf("pid=%d\nppid=%d\npgid=%d\nsid=%d\n", getpid(), getppid(), getpgrp(), getsid(0));
}

static void print_status(void)
{
	static const char *const keys[] = {"Cap", "NoNewPrivs", "Seccomp", "Sig", "Shd", "Cpus_allowed_list"};
	char line[4096];
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof line, f))
		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
			if (!strncmp(line, keys[i], strlen(keys[i]))) {
				char *tab = strchr(line, '\t');
				*strchr(line, ':') = 0;
				printf("status.%s=%s", line, tab ? tab + 1 : "\n");
				break;
			}
	if (f)
		fclose(f);
}

int main(void)
{
	char cwd[4096];
	struct utsname u;
	mode_t mask = umask(0);

	print_ids();
	print_limits();
	print_status();
	uname(&u);
	printf("hostname=%s\n", u.nodename);
	printf("cwd=%s\n", getcwd(cwd, sizeof cwd) ? cwd : "?");
	printf("umask=%03o\n", mask);
	printf("personality=%x\n", personality(0xffffffff));
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("fd=%d\n", fd);
	for (char **e = environ; *e; e++)
		printf("env.%s\n", *e);
	return 0;
}
