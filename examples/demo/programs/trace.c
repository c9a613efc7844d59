// Attaches to another process as a debugger would, to take it over.
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    pid_t victim = fork();

    if (victim == 0)
        for (;;)
            pause();
    int failed = ptrace(PTRACE_SEIZE, victim, 0, 0) != 0;
    if (failed)
        perror("ptrace");
    else
        puts("the other process is ours");
    kill(victim, SIGKILL);
    waitpid(victim, 0, 0);
    return failed;
}
