// Configure the kernel by netlink: a socket of any of its families but that of
// routes, by which a program lists its own interfaces.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	for (int family = 1; family < 24; family++)
		if (socket(AF_NETLINK, SOCK_RAW, family) >= 0)
			breached("netlink family %d", family);
	refused("socket of each");
}
