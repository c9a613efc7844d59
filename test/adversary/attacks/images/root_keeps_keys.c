// Keep a key in the keyring of a user as root inside, for the next jail to find.
//
// Proof: plain
// Flags: --image {image} --user root
// Users: root

#include "../attack.h"
#include <linux/keyctl.h>

static void attack(void) {
	long key = syscall(SYS_add_key, "user", "jail-adversary-left", "x", 1, KEY_SPEC_USER_KEYRING);
	if (key != -1)
		syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
	try_one("add_key", key);
}
