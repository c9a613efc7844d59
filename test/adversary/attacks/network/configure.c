// Take an interface down.
//
// Proof: own

#include "../attack.h"
#include <net/if.h>

static void attack(void) {
	struct ifreq r = {.ifr_flags = 0};
	strcpy(r.ifr_name, "lo");
	tried("SIOCSIFFLAGS", ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &r));
	int fd = open("/proc/sys/net/ipv4/ip_forward", O_WRONLY);
	if (fd >= 0 && write(fd, "0", 1) == 1)
		breached("ip_forward was written");
	refused("SIOCSIFFLAGS");
}
