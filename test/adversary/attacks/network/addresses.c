// List the host's addresses.
//
// Proof: plain

#include "../attack.h"
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

static void attack(void) {
	struct ifreq r[32];
	struct ifconf c = {.ifc_len = sizeof r, .ifc_req = r};
	if (ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCGIFCONF, &c) != 0)
		refused("SIOCGIFCONF");
	for (size_t i = 0; i < c.ifc_len / sizeof *r; i++)
		if ((ntohl(((struct sockaddr_in *)&r[i].ifr_addr)->sin_addr.s_addr) >> 24) != 127)
			breached("%s has %s", r[i].ifr_name, inet_ntoa(((struct sockaddr_in *)&r[i].ifr_addr)->sin_addr));
	held("there is none but 127.0.0.1");
}
