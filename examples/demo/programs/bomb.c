// A fork bomb: everyone forks. Ten generations, so at most 1,024 processes,
// in case nothing stops it.
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 10; i++)
        fork();
    sleep(5);
    return 0;
}
