// Open a packet socket, below the firewall.
//
// Proof: own

#include "../attack.h"
#include <arpa/inet.h>
#include <linux/if_ether.h>

static void attack(void) {
	try_one("AF_PACKET", socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)));
}
