// Start more threads than the limit of processes.
//
// Proof: jail --pids 100
// Flags: --pids 16

#include "../attack.h"
#include <pthread.h>

static void *sleeper(void *none) {
	pause();
	return none;
}

static void attack(void) {
	pthread_t t;
	for (int i = 0; i < 40; i++)
		if ((errno = pthread_create(&t, NULL, sleeper, NULL)) != 0)
			refused("pthread_create");
	breached("40 threads are alive");
}
