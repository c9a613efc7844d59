// Read the host's routing table and neighbours.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	static const char *files[] = {"/proc/net/route", "/proc/net/arp", "/proc/net/dev", "/proc/self/net/route", "/proc/self/net/dev"};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (contains(files[i], told("interface")))
			breached("%s names %s", files[i], told("interface"));
	held("none names an interface of the host's");
}
