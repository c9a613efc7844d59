// List the host's network interfaces.
//
// Proof: plain

#include "../attack.h"
#include <net/if.h>

static void attack(void) {
	struct if_nameindex *list = if_nameindex();
	for (struct if_nameindex *i = list; i && i->if_index; i++)
		if (strcmp(i->if_name, "lo"))
			breached("there is %s", i->if_name);
	for (int i = 1; i < 64; i++) {
		char name[IF_NAMESIZE];
		if (if_indextoname(i, name) && strcmp(name, "lo"))
			breached("there is %s", name);
	}
	held("there is none but lo");
}
