// Mounts a file system of its own over /tmp, where it might plant anything.
#include <stdio.h>
#include <sys/mount.h>

int main(void)
{
    if (mount("tmpfs", "/tmp", "tmpfs", 0, 0)) {
        perror("mount");
        return 1;
    }
    puts("mounted");
    return 0;
}
