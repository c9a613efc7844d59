// Connect to a socket of the host's by its path.
//
// Proof: plain

#include "../attack.h"
#include <sys/un.h>

static void attack(void) {
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	strncpy(a.sun_path, told("socket"), sizeof a.sun_path - 1);
	try_one("connect", connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof a));
}
