// shm KIND MIB: touches MIB mebibytes of shared memory of one kind: anon
// (MAP_SHARED), memfd, posix (/dev/shm) or sysv. Exits 0, or 3 when refused.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

static char *mapped(int fd, size_t size)
{
	if (fd < 0 || ftruncate(fd, size) < 0)
		return MAP_FAILED;
	return mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

static char *posix(size_t size)
{
	int fd = shm_open("/jail-hog", O_RDWR | O_CREAT, 0600);

	shm_unlink("/jail-hog");
	return mapped(fd, size);
}

static char *segment(size_t size)
{
	int id = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600);
	char *p = id < 0 ? MAP_FAILED : shmat(id, 0, 0);

	if (id >= 0)
		shmctl(id, IPC_RMID, 0); // it lives until the detach at exit
	return p;
}

static char *take(const char *kind, size_t size)
{
	if (!strcmp(kind, "memfd"))
		return mapped(memfd_create("hog", 0), size);
	if (!strcmp(kind, "posix"))
		return posix(size);
	if (!strcmp(kind, "sysv"))
		return segment(size);
	return mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "anon";
	size_t size = (argc > 2 ? atol(argv[2]) : 1024) << 20;
	char *p = take(kind, size);

	if (p == MAP_FAILED) {
		printf("%s refused: %s\n", kind, strerror(errno));
		return 3;
	}
	for (size_t k = 0; k < size; k += 4096)
		p[k] = 1;
	printf("%s touched %zu MiB\n", kind, size >> 20);
	return 0;
}
