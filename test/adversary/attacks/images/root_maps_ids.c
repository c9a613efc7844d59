// Map more users into the user namespace as root inside.
//
// Proof: plain
// Flags: --image {image} --user root
// Users: root

#include "../identity/uid_map.c"
