// Connect to a socket of the host's with an abstract name, which is in no folder
// (CVE-2020-15257).
//
// Proof: plain

#include "../attack.h"
#include <sys/un.h>

static void attack(void) {
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	size_t n = strlen(told("abstract"));
	memcpy(a.sun_path + 1, told("abstract"), n);
	for (int i = 0; i < 3; i++)
		tried("connect", connect(socket(AF_UNIX, types[i], 0), (struct sockaddr *)&a, offsetof(struct sockaddr_un, sun_path) + 1 + n));
	refused("connect");
}
