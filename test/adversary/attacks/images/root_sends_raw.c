// Open a raw socket as root inside.
//
// Proof: own
// Flags: --image {image} --user root
// Users: root

#include "../network/raw.c"
