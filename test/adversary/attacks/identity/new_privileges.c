// Gain privileges by execve, which no_new_privs forbids for ever.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0)
		breached("no_new_privs is not set");
	if (prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0)
		breached("no_new_privs was taken back");
	held("no_new_privs is set, and stays");
}
