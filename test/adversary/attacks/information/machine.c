// Read what tells the machine from others.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	static const char *files[] = {"/etc/machine-id", "/var/lib/dbus/machine-id", "/proc/sys/kernel/random/boot_id", "/sys/class/dmi/id/product_name", "/etc/hostname"};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		tried(files[i], open(files[i], O_RDONLY));
	refused("open of each");
}
