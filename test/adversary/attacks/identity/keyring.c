// Find a key of the caller's: in the session keyring that a process inherits, or
// by asking for it.
//
// Proof: plain
// Caller: ./identity-keyring keep-a-key

#include "../attack.h"
#include <linux/keyctl.h>

static const char key[] = "jail-adversary";

// keep_a_key is the caller: it has a key in its session, and starts the rest.
static void keep_a_key(char **rest) {
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) == -1 || syscall(SYS_add_key, "user", key, "x", 1, KEY_SPEC_SESSION_KEYRING) == -1) {
		perror("keep a key");
		exit(3);
	}
	execvp(rest[0], rest);
	perror(rest[0]);
	exit(3);
}

static void attack(void) {
	if (attack_argc > 2 && !strcmp(attack_argv[1], "keep-a-key"))
		keep_a_key(attack_argv + 2);
	tried("keyctl", syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", key, 0));
	try_one("request_key", syscall(SYS_request_key, "user", key, NULL, 0));
}
