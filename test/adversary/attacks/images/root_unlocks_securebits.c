// Unlock the securebits as root inside, to gain what was not given.
//
// Proof: own
// Flags: --image {image} --user root
// Users: root

#include "../identity/securebits.c"
