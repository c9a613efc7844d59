// threads [N]: starts N threads (default 8) that add to a counter under a
// mutex, joins them, exits 0 when the sum is right; 3 when a thread is refused.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX = 1024, ROUNDS = 1000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long sum;

static void *add(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&lock);
		sum++;
		pthread_mutex_unlock(&lock);
	}
	return unused;
}

int main(int argc, char **argv)
{
	static pthread_t t[MAX];
	int n = argc > 1 ? atoi(argv[1]) : 8, made = 0;

	if (n > MAX)
		n = MAX;
	while (made < n && pthread_create(&t[made], 0, add, 0) == 0)
		made++;
	for (int i = 0; i < made; i++)
		pthread_join(t[i], 0);
	printf("threads=%d sum=%ld\n", made, sum);
	if (made < n)
		return 3;
	return sum != (long)n * ROUNDS;
}
