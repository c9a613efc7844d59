// zombies N: leaves N orphans that end at once, then counts the zombies that it
// can see in /proc until none is left (they are reaped by pid 1) or 2 s passed.
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int zombie(const char *pid)
{
	char path[300], line[512], *end;
	FILE *f;
	int yes = 0;

	snprintf(path, sizeof path, "/proc/%s/stat", pid);
	if (!(f = fopen(path, "r")))
		return 0;
	if (fgets(line, sizeof line, f) && (end = strrchr(line, ')')))
		yes = end[2] == 'Z';
	fclose(f);
	return yes;
}

static int zombies(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]))
			n += zombie(e->d_name);
	if (d)
		closedir(d);
	return n;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 40, left = 0;

	for (int i = 0; i < n; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			if (fork() == 0)
				_exit(0);
			_exit(0);
		}
		waitpid(pid, 0, 0);
	}
	for (int i = 0; i < 200 && (left = zombies()); i++)
		usleep(10000);
	printf("zombies %d of %d\n", left, n);
	return left != 0;
}
