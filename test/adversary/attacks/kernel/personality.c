// Turn the mitigations of exec off for whatever is executed next.
//
// Proof: plain

#include "../attack.h"
#include <sys/personality.h>

static void attack(void) {
	if (personality(READ_IMPLIES_EXEC) != -1)
		breached("personality READ_IMPLIES_EXEC");
	try_one("personality ADDR_NO_RANDOMIZE", personality(ADDR_NO_RANDOMIZE));
}
