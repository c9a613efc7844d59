// Change the host's name.
//
// Proof: own

#include "../attack.h"

static void attack(void) {
	tried("sethostname", sethostname("mine", 4));
	try_one("setdomainname", setdomainname("mine", 4));
}
