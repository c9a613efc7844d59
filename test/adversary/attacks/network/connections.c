// List the host's connections and listeners.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	char port[16];
	snprintf(port, sizeof port, ":%04lX ", told_number("port"));
	if (contains("/proc/net/tcp", port) || contains("/proc/self/net/tcp", port))
		breached("/proc/net/tcp names the host's listener");
	if (contains("/proc/net/unix", told("abstract")))
		breached("/proc/net/unix names the host's socket");
	held("the host's are not among them");
}
