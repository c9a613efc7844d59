// Put a key into a keyring, or find one of the caller's.
//
// Proof: plain

#include "../attack.h"
#include <linux/keyctl.h>

static void attack(void) {
	tried("add_key", syscall(SYS_add_key, "user", "jail-adversary", "x", 1, KEY_SPEC_PROCESS_KEYRING));
	tried("keyctl", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
	try_one("request_key", syscall(SYS_request_key, "user", "jail-adversary", NULL, 0));
}
